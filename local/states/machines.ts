import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import { checkName, machineArn, parseMachineArn } from './arns.ts';
import { checkDefinition } from './definition.ts';
import type { Machine, MachineStore, MachineVersion } from './machine-store.ts';
import { page, seconds } from './paging.ts';

const create = z.object({
  name: z.string(),
  definition: z.string().min(1).max(1_048_576),
  roleArn: z.string(),
  type: z.enum(['STANDARD', 'EXPRESS']).default('STANDARD'),
  publish: z.boolean().default(false),
  versionDescription: z.string().optional(),
});
const update = create.omit({ name: true, type: true }).partial().extend({ stateMachineArn: z.string() });
const publish = z.object({ stateMachineArn: z.string(), revisionId: z.string().optional(), description: z.string().optional() });
const one = z.object({ stateMachineArn: z.string() });

/** The operations on state machines and their versions. */
export function machineOperations(store: MachineStore): JsonOperations {
  const found = (text: string): Machine => {
    const machine = store.get(parseMachineArn(text).machine);
    if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${text}'`);
    return machine;
  };

  const alive = (text: string): Machine => {
    const machine = found(text);
    if (machine.deleting) throw new AwsError('StateMachineDeleting', `State Machine is deleting: '${text}'`);
    return machine;
  };

  /** The same revision is published once. */
  const published = (machine: Machine, description?: string): MachineVersion => {
    const [latest] = store.versions(machine.arn, 1, 0);
    if (latest?.revisionId === machine.revisionId && (latest.description ?? undefined) === description) return latest;
    const number = machine.lastVersion + 1;
    const version = {
      arn: `${machine.arn}:${number}`,
      machineArn: machine.arn,
      number,
      definition: machine.definition,
      roleArn: machine.roleArn,
      revisionId: machine.revisionId,
      description: description ?? null,
      createdMs: Date.now(),
    };
    store.putVersion(version);
    store.put({ ...machine, lastVersion: number });
    return version;
  };

  const described = (machine: Machine, version?: MachineVersion) => ({
    stateMachineArn: version?.arn ?? machine.arn,
    name: machine.name,
    status: machine.deleting ? 'DELETING' : 'ACTIVE',
    definition: (version ?? machine).definition,
    roleArn: (version ?? machine).roleArn,
    type: 'STANDARD',
    creationDate: seconds((version ?? machine).createdMs),
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
    revisionId: (version ?? machine).revisionId,
    ...(version?.description && { description: version.description }),
  });

  return {
    CreateStateMachine(input) {
      const request = create.parse(input);
      const arn = machineArn(checkName(request.name));
      if (request.type !== 'STANDARD')
        throw new AwsError('StateMachineTypeNotSupported', 'The embedded cloud serves standard state machines only');
      const existing = store.get(arn) && alive(arn);
      if (existing && (existing.definition !== request.definition || existing.roleArn !== request.roleArn)) {
        throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
      }
      if (!existing) checkDefinition(request.definition);
      const now = Date.now();
      const { definition, roleArn, name } = request;
      const machine = existing ?? {
        arn,
        name,
        definition,
        roleArn,
        revisionId: randomUUID(),
        createdMs: now,
        updatedMs: now,
        lastVersion: 0,
        deleting: 0,
      };
      store.put(machine);
      const version = request.publish ? published(machine, request.versionDescription) : undefined;
      return {
        stateMachineArn: arn,
        creationDate: seconds(machine.createdMs),
        ...(version && { stateMachineVersionArn: version.arn }),
      };
    },

    UpdateStateMachine(input) {
      const request = update.parse(input);
      const machine = alive(request.stateMachineArn);
      const { definition = machine.definition, roleArn = machine.roleArn } = request;
      if (request.definition === undefined && request.roleArn === undefined && !request.publish) {
        throw new AwsError(
          'MissingRequiredParameter',
          'Either the definition, the role ARN, the LoggingConfiguration or the TracingConfiguration must be specified',
        );
      }
      const same = definition === machine.definition && roleArn === machine.roleArn;
      if (!same) checkDefinition(definition);
      const next = same ? machine : { ...machine, definition, roleArn, revisionId: randomUUID(), updatedMs: Date.now() };
      store.put(next);
      const version = request.publish ? published(next, request.versionDescription) : undefined;
      return {
        updateDate: seconds(next.updatedMs),
        revisionId: next.revisionId,
        ...(version && { stateMachineVersionArn: version.arn }),
      };
    },

    PublishStateMachineVersion(input) {
      const { stateMachineArn, revisionId, description } = publish.parse(input);
      const machine = alive(stateMachineArn);
      if (revisionId && revisionId !== machine.revisionId)
        throw new AwsError('ConflictException', 'The revision is not the current one');
      const version = published(machine, description);
      return { stateMachineVersionArn: version.arn, creationDate: seconds(version.createdMs) };
    },

    DescribeStateMachine(input) {
      const { stateMachineArn } = one.parse(input);
      const { versionArn } = parseMachineArn(stateMachineArn);
      const version = versionArn ? store.getVersion(versionArn) : undefined;
      if (versionArn && !version) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${versionArn}'`);
      return described(found(stateMachineArn), version);
    },

    DeleteStateMachine(input) {
      const machine = store.get(parseMachineArn(one.parse(input).stateMachineArn).machine);
      if (!machine) return;
      store.put({ ...machine, deleting: 1 });
      store.removeEmptied();
    },

    ListStateMachines(input) {
      const { items, nextToken } = page(input, (limit, offset) => store.list(limit, offset));
      const stateMachines = items.map(({ arn, name, createdMs }) => ({
        stateMachineArn: arn,
        name,
        type: 'STANDARD',
        creationDate: seconds(createdMs),
      }));
      return { stateMachines, nextToken };
    },

    ListStateMachineVersions(input) {
      const machine = found(one.parse(input).stateMachineArn);
      const { items, nextToken } = page(input, (limit, offset) => store.versions(machine.arn, limit, offset));
      const stateMachineVersions = items.map(({ arn, createdMs }) => ({
        stateMachineVersionArn: arn,
        creationDate: seconds(createdMs),
      }));
      return { stateMachineVersions, nextToken };
    },

    TagResource() {},
    UntagResource() {},
    ListTagsForResource: () => ({ tags: [] }),

    ValidateStateMachineDefinition(input) {
      try {
        checkDefinition(z.object({ definition: z.string() }).parse(input).definition);
        return { result: 'OK', diagnostics: [], truncated: false };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return {
          result: 'FAIL',
          diagnostics: [{ severity: 'ERROR', code: error.name, message: error.message }],
          truncated: false,
        };
      }
    },
  };
}
