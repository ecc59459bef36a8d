import { env } from '../env.ts';
import { startMailAgain } from '../trigger/mail/receive-mail.ts';
import type { Door } from '../trigger/receipt.ts';
import type { Replay } from '../trigger/replay.ts';
import { replayFire } from '../trigger/schedule/replay-fire.ts';
import { redeliverRequest } from '../trigger/webhook/replay-delivery.ts';
import { dynamo, kms } from './clients.ts';
import { DynamoWebhooks } from './dynamo-webhooks.ts';
import { mailDoor } from './mail-door.ts';
import { KmsSeals } from './seals.ts';
import { engineServices } from './services.ts';
import { timekeeper } from './timekeeper.ts';

/** Every door that can start again what it turned away; a door without a line here cannot. */
export function replays(): Partial<Record<Door, Replay>> {
  const starter = engineServices();
  return {
    email: (receipt) => startMailAgain(mailDoor(), receipt),
    schedule: (receipt) => replayFire(timekeeper(), receipt),
    webhook: redeliverRequest({
      starter,
      seals: new KmsSeals(kms, env.sealKey()),
      webhooks: new DynamoWebhooks(dynamo, env.doorsTable()),
    }),
  };
}
