import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** The requests of services that speak JSON, as the SDK hands them over signed. */
interface SignedRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

interface CallOptions {
  abortSignal?: AbortSignal | undefined;
}

const CONNECTIONS = 50;
/** No service that speaks JSON is silent for so long; the SDK tries again. */
const SILENT_MS = 10_000;

/**
 * A request handler for the SDK's clients of JSON services. Their requests and answers are single texts, so it does without the streams,
 * timers and warnings of the SDK's own, which cost as much processor time as the rest of a call.
 */
export function jsonCalls() {
  const settings = { keepAlive: true, maxSockets: CONNECTIONS };
  const http = new HttpAgent(settings);
  const https = new HttpsAgent(settings);

  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle({ protocol, hostname, port, path, method, headers, body }: SignedRequest, { abortSignal }: CallOptions = {}) {
      const [request, agent] = protocol === 'https:' ? [httpsRequest, https] : [httpRequest, http];
      return new Promise<{ response: object }>((resolve, reject) => {
        const options = { agent, host: hostname, port, path, method, headers, signal: abortSignal, timeout: SILENT_MS };
        const call = request(options, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const { statusCode = 0, headers: answered } = answer;
            resolve({ response: { statusCode, headers: answered, body: Buffer.concat(chunks) } });
          });
        });
        call.on('error', reject);
        call.on('timeout', () => call.destroy(Object.assign(new Error('The service is silent.'), { name: 'TimeoutError' })));
        call.end(body);
      });
    },
    destroy() {
      http.destroy();
      https.destroy();
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}
