import { lookup } from 'node:dns/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { gatewayAnswer } from './api-gateway/answer.ts';
import { withEventStreams } from './api-gateway/event-stream.ts';
import { declaredGateway } from './api-gateway/gateway.ts';
import { apiListener } from './api-gateway/server.ts';
import { declaredWebSockets, LIVE_PATH, WebSockets } from './api-gateway/web-sockets.ts';
import { arn } from './aws/account.ts';
import { AwsError } from './aws/aws-error.ts';
import { credentialOf } from './aws/credential.ts';
import { patchRequests } from './aws/own-requests.ts';
import { awsListener, type Services } from './aws/server.ts';
import { loadTemplate } from './cloudformation/load.ts';
import { Stack } from './cloudformation/stack.ts';
import { CustomResources } from './custom-resources.ts';
import { openFilesLimit, sharedOut } from './descriptors.ts';
import { DiskWatch, fullDisk } from './disk.ts';
import { answering, DATABASE, type Emulator, startDynoxide } from './dynamodb/child.ts';
import { DynamoDbProxy } from './dynamodb/proxy.ts';
import { createTables } from './dynamodb/tables.ts';
import { claimEnvironment } from './environment.ts';
import { EventBuses } from './eventbridge/event-buses.ts';
import { takeFastPath } from './fast-path/fast-path.ts';
import { forNames, isNamed, sturdyServer } from './http-server.ts';
import { Keys } from './kms/keys.ts';
import { addressesHere, declaredFunctions, mergedEnvironment } from './lambda/declared.ts';
import { EventSources } from './lambda/event-sources.ts';
import { Functions } from './lambda/functions.ts';
import { hangUp, listen } from './listen.ts';
import { lockFolder } from './lock.ts';
import type { CloudOptions } from './options.ts';
import { S3 } from './s3/server.ts';
import { SampleModel } from './sample-model.ts';
import { SAMPLES_PATH, SampleServices } from './sample-services.ts';
import { SampleTools } from './sample-tools.ts';
import { Scheduler } from './scheduler/server.ts';
import { Secrets } from './secrets-manager/secrets.ts';
import { startMail } from './ses/mail.ts';
import { Queues } from './sqs/queues.ts';
import { startStepFunctions } from './step-functions/step-functions.ts';
import { KeyUsage } from './usage/key-usage.ts';
import { usageListener } from './usage/listener.ts';
import { noUsage, priced } from './usage/usage.ts';

/** The stack, up on this machine. */
export interface Cloud {
  /** Where the API answers. */
  url: string;
  /** Where the AWS services answer. */
  cloudUrl: string;
  /** Where mail comes in, when the stack takes any. */
  smtpUrl?: string | undefined;
  usage(): ReturnType<typeof priced>;
  close(): Promise<void>;
}

/** A template, and the folder that the entries of its functions are relative to. */
export interface StackSource {
  template(): Promise<unknown>;
  root: string;
}

const root = join(import.meta.dirname, '..');
const ours = (settings: CloudOptions['settings']): StackSource => ({ root, template: () => loadTemplate(root, settings) });

/**
 * Brings the stack up. One at a time in a process: functions read `process.env`, and their SDK clients keep the endpoint they first saw, so a
 * second cloud in the same process takes the AWS port of the first.
 */
export async function startCloud(options: CloudOptions, source: StackSource = ours(options.settings)): Promise<Cloud> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).toReversed()) await step();
  };
  try {
    return await bringUp(options, source, { closing, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Lifetime {
  /** What is undone at the end, last first. */
  closing: (() => unknown)[];
  close(): Promise<void>;
}

async function bringUp(options: CloudOptions, { template, root }: StackSource, { closing, close }: Lifetime): Promise<Cloud> {
  const environment = claimEnvironment(options.awsPort);
  closing.push(() => environment.release());
  const lock = lockFolder(options.dataDir);
  closing.push(() => lock.release());
  const disk = new DiskWatch(() => fullDisk(resolve(options.dataDir)));
  closing.push(() => disk.close());

  const connections = sharedOut(openFilesLimit());
  const awsEndpoint = await openEndpoint(
    { port: environment.awsPort, variable: 'AWS_PORT', connections: connections.aws },
    closing,
  );
  const { port, allowedHosts: names } = options;
  const apiEndpoint = await openEndpoint({ port, variable: 'PORT', connections: connections.api, names }, closing);
  const cloudUrl = `http://127.0.0.1:${awsEndpoint.port}`;

  const emulator = emulatorFor(options);
  // Whatever goes wrong meanwhile is told first; a child that did start is ended all the same.
  emulator.catch(() => {});
  closing.push(async () => (await emulator.catch(() => undefined))?.close());

  const stack = new Stack(await template());
  const declared = declaredFunctions(stack, (name) => arn('lambda', `function:${name}`));
  const gateway = declaredGateway(stack);
  patchRequests();
  const credential = credentialOf(options.dataDir);
  const signing = { AWS_ACCESS_KEY_ID: credential.accessKeyId, AWS_SECRET_ACCESS_KEY: credential.secretAccessKey };
  const limits = { STEP_CONNECTIONS: String(connections.httpSteps) };
  const own = {
    aws: cloudUrl,
    api: `http://127.0.0.1:${apiEndpoint.port}`,
    live: `ws://127.0.0.1:${apiEndpoint.port}${LIVE_PATH}`,
  };
  environment.set({ ...addressesHere(mergedEnvironment(declared), own), ...signing, ...limits }, cloudUrl, awsEndpoint.port);

  const usage = noUsage();
  const functions = new Functions(declared, { root, usage });
  const live = declaredWebSockets(stack);
  const webSockets = live && new WebSockets(live, functions);
  closing.push(() => webSockets?.close());
  const [{ endpoint }] = await Promise.all([emulator, functions.load()]);
  await createTables(stack, endpoint);
  environment.reserve([`${cloudUrl}${SAMPLES_PATH}`, ...(await addressesOf(endpoint))]);

  const keyUsage = options.usageKeysWindowMs === undefined ? undefined : new KeyUsage(stack, options.usageKeysWindowMs);
  const dynamodb = new DynamoDbProxy(endpoint, usage.dynamodb, keyUsage);
  closing.push(() => dynamodb.close());
  const stepFunctions = startStepFunctions(stack, join(options.dataDir, 'step-functions.sqlite'), {
    functions,
    usage: usage.stepFunctions,
  });
  closing.push(() => stepFunctions.close());
  if (options.fastPath ?? true)
    closing.push(takeFastPath(awsEndpoint.port, { dynamodb, stepFunctions: stepFunctions.operations, webSockets }));
  const secrets = new Secrets(stack, {
    path: join(options.dataDir, 'secrets.json'),
    generated: options.apiKey,
    usage: usage.secrets,
  });
  const s3 = new S3(stack, { folder: join(options.dataDir, 's3'), usage: usage.s3, secret: credential.secretAccessKey });
  const keys = new Keys(stack, join(options.dataDir, 'kms.key'));
  const queues = new Queues(stack, join(options.dataDir, 'sqs.sqlite'));
  closing.push(() => queues.close());
  const buses = new EventBuses(stack, join(options.dataDir, 'events.jsonl'), queues);
  const scheduler = new Scheduler(stack, { functions, queues, usage: usage.events }, options.dataDir);
  closing.push(() => scheduler.close());
  const database = options.dynamodbEndpoint ? undefined : join(options.dataDir, DATABASE);
  const reading = { functions, dynamodb, queues, usage: usage.streams };
  const eventSources = new EventSources(stack, { ...reading, dataDir: options.dataDir, database });
  closing.push(() => eventSources.close());
  const mail = startMail(stack, { functions, queues }, { ...options, smtpClients: connections.mail });
  closing.push(() => mail.close());
  const customResources = new CustomResources();
  const samples = [new SampleModel(), new SampleTools(), new SampleServices()];

  const services: Services = {
    dynamodb: dynamodb.answer.bind(dynamodb),
    s3: s3.answer.bind(s3),
    scheduler: scheduler.answer.bind(scheduler),
    ses: mail.answer,
    connections: async (request, response) => {
      if (!webSockets) throw new AwsError('ForbiddenException', 'The stack has no WebSocket API', 403);
      await webSockets.answer(request, response);
    },
    json: {
      AWSEvents: buses.operations,
      AmazonSQS: queues.operations,
      AWSStepFunctions: stepFunctions.operations,
      secretsmanager: secrets.operations,
      TrentService: keys.operations,
    },
    open: [customResources, ...samples],
  };
  awsEndpoint.serve(awsListener(services, credential));
  await customResources.create(stack, functions, cloudUrl);
  if (webSockets) apiEndpoint.upgrade((...request) => webSockets.upgrade(...request));
  const http = apiListener(gateway, { functions, usage: usage.api });
  const all = webSockets ? withEventStreams(own.live, http) : http;
  apiEndpoint.serve(usageListener({ usage, keys: keyUsage, buses }, disk.guard(all)));

  scheduler.start();
  eventSources.start();
  await stepFunctions.resume();
  const smtpUrl = await mail.open();
  return { url: `http://127.0.0.1:${apiEndpoint.port}`, cloudUrl, smtpUrl, usage: () => priced(structuredClone(usage)), close };
}

interface Endpoint {
  port: number;
  serve(listener: RequestListener): void;
  upgrade(listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
}

interface EndpointSettings {
  port: number;
  /** Where the port is set. */
  variable: string;
  /** How many it has at once. */
  connections: number;
  /** What it answers to beside the names of loopback. */
  names?: readonly string[] | undefined;
}

/** A port is taken at once, so that a conflict shows before anything else is done; until it is served it says so. */
async function openEndpoint(
  { port, variable, connections, names = [] }: EndpointSettings,
  closing: Lifetime['closing'],
): Promise<Endpoint> {
  let listener: RequestListener = (_, response) => {
    const { status, headers, body } = gatewayAnswer(503, 'Millrun is starting. Try again in a second.');
    response.writeHead(status, { ...headers, 'retry-after': '1', connection: 'close' }).end(body);
  };
  const server = sturdyServer(
    forNames(names, (request, response) => listener(request, response)),
    connections,
  );
  const real = await listen(server, port, variable);
  closing.push(() => hangUp(server));
  return {
    port: real,
    serve(next) {
      listener = next;
    },
    upgrade(next) {
      server.on('upgrade', (request, socket, head) => {
        if (isNamed(names, request)) next(request, socket, head);
        else socket.destroy();
      });
    },
  };
}

/** The URLs that an endpoint has by number. */
async function addressesOf(endpoint: string): Promise<string[]> {
  const { hostname, port } = new URL(endpoint);
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true });
  return found.map(({ address, family }) => `http://${family === 6 ? `[${address}]` : address}:${port || 80}`);
}

async function emulatorFor({ dynamodbEndpoint, dataDir }: CloudOptions): Promise<Emulator> {
  if (!dynamodbEndpoint) {
    return startDynoxide(dataDir);
  }
  await answering(dynamodbEndpoint);
  return { endpoint: dynamodbEndpoint, close: async () => {} };
}
