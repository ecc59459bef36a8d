import { eventBridge } from '../../shared/aws/clients.ts';
import { background } from '../../shared/aws/observe.ts';
import { openConnection } from '../../shared/connection/open-connection.ts';
import { EventBridgeBus } from '../../shared/executor/emit/bus.eventbridge.ts';
import { executorsFor } from '../../shared/executor/executors.ts';
import * as env from '../../shared/kernel/env.ts';
import { drive, driveMessage, shortOf } from '../../shared/run/drive/drive.ts';
import type { DriveServices } from '../../shared/run/drive/drive-services.ts';
import { calls, connections, engineServices, now, ownMail, seals, speaker, subscribers, tests } from '../adapters.ts';

/** Drives a run for as long as it can, and tells the state machine what is next. What it throws is a fault of ours: the machine calls again. */
export const handler = background(
  driveMessage,
  (message, services, { awsRequestId, getRemainingTimeInMillis }) => {
    const until = new Date(services.now().getTime() + getRemainingTimeInMillis());
    return drive(services, message, { id: shortOf(awsRequestId), until });
  },
  (): DriveServices => ({
    ...engineServices(),
    executors: executorsFor({
      network: env.stepNetwork(),
      mail: ownMail(),
      bus: new EventBridgeBus(eventBridge, env.eventBusArn),
      subscribers: subscribers(),
    }),
    speaker: speaker(),
    recordings: { recordingOf: (id) => tests().recordingOf(id) },
    connections: connections(),
    calls: calls(),
    openConnection: (owner, name, conceal, known) =>
      openConnection({ connections: connections(), seals: seals(), now }, owner, name, conceal, known),
  }),
);
