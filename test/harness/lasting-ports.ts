import { createServer } from 'node:net';

/** Above the last that `fetch` refuses (10080), and below those that systems hand out for connections and for port 0, so that nobody takes one of them between two starts. */
const LOWEST = 10_081;
const HIGHEST = 32_000;

/** Ports that a process can leave and come back to, as the variables of `npm start`. */
export async function lastingPorts() {
  const ports = new Set<number>();
  while (ports.size < 3) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) ports.add(port);
  }
  const [api, aws, smtp] = [...ports].map(String);
  return { PORT: api, AWS_PORT: aws, SMTP_PORT: smtp };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
