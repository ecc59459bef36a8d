import { afterAll, beforeAll } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';
import { Client } from './client.ts';

/** An embedded cloud and an outside service for the tests of a file. */
export function setting(): { api: Client; stub: StubServer; cloud: Cloud } {
  const parts: { api?: Client; stub?: StubServer; cloud?: Cloud } = {};
  beforeAll(async () => {
    parts.stub = await startStub();
    parts.cloud = await cloudInProcess();
    parts.api = new Client(parts.cloud.url);
  });
  afterAll(async () => {
    await parts.cloud?.close();
    await parts.stub?.close();
  });
  const ready = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('The cloud is up once the tests run, not before.');
    return part;
  };
  return {
    get api() {
      return ready(parts.api);
    },
    get stub() {
      return ready(parts.stub);
    },
    get cloud() {
      return ready(parts.cloud);
    },
  };
}
