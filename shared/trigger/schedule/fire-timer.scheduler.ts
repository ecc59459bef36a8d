import {
  ConflictException,
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { FireTimer } from './ports.ts';

export interface SchedulerSettings {
  /** The schedule group that holds one schedule for each of ours. */
  group: string;
  targetArn: string;
  roleArn: string;
  deadLetterArn: string;
}

/** One EventBridge schedule for each of ours, set to its next fire in UTC: docs/decisions/008-set-a-one-off-eventbridge-schedule-to-the-next-fire.md. */
export class SchedulerFireTimer implements FireTimer {
  readonly #client: () => SchedulerClient;
  readonly #settings: () => SchedulerSettings;

  constructor(client: () => SchedulerClient, settings: () => SchedulerSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /** Scheduler has no upsert. A schedule that has fired is still there. */
  async set(id: string, at: Date): Promise<void> {
    const wanted = this.#wanted(id, at);
    try {
      await this.#client().send(new UpdateScheduleCommand(wanted));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      await this.#create(wanted);
    }
  }

  async clear(id: string): Promise<void> {
    await this.#client()
      .send(new DeleteScheduleCommand({ Name: id, GroupName: this.#settings().group }))
      .catch((error: unknown) => {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      });
  }

  async #create(wanted: CreateScheduleCommandInput): Promise<void> {
    try {
      await this.#client().send(new CreateScheduleCommand(wanted));
    } catch (error) {
      // Somebody else was faster, and may have set another time.
      if (!(error instanceof ConflictException)) throw error;
      await this.#client().send(new UpdateScheduleCommand(wanted));
    }
  }

  #wanted(id: string, at: Date): CreateScheduleCommandInput {
    const { group, targetArn, roleArn, deadLetterArn } = this.#settings();
    return {
      Name: id,
      GroupName: group,
      ScheduleExpression: `at(${new Date(Math.ceil(at.getTime() / 1000) * 1000).toISOString().slice(0, 19)})`,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'NONE',
      Target: {
        Arn: targetArn,
        RoleArn: roleArn,
        Input: JSON.stringify({ schedule: id }),
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: deadLetterArn },
      },
    };
  }
}
