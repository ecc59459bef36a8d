import { lastStraw, notCalled, passageOf, toldBy } from '../../connection/circuit.ts';
import type { Connection } from '../../connection/connection.ts';
import { connectionOf, type OpenConnection } from '../../connection/open-connection.ts';
import { isMap } from '../../kernel/is-map.ts';
import { maskOf } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';

import type { Scene } from './scene.ts';
import { FREE, nextTurn, type Turn, takeTurn } from './take-turn.ts';

/** A step and the connection through which it calls: its turn, its credential, and whether the other side is in order. */
export class Line {
  readonly #scene: Scene;
  readonly #name: string;
  /** Undefined when the project has none of that name. */
  readonly #connection: Connection | undefined;

  constructor(scene: Scene, name: string, connection: Connection | undefined) {
    this.#scene = scene;
    this.#name = name;
    this.#connection = connection;
  }

  /** That of a step whose kind and document name a connection. */
  static async of(scene: Scene, spec: unknown): Promise<Line | undefined> {
    const name: unknown = isMap(spec) ? spec['connection'] : undefined;
    if (typeof name !== 'string') return undefined;
    const { services, journal } = scene;
    return new Line(scene, name, await connectionOf(services, journal.run, name));
  }

  /** Undefined when it is not its turn yet. */
  turn(within: { seconds: number; signal: AbortSignal }): Promise<Turn | undefined> {
    return this.#connection ? takeTurn(this.#scene, this.#connection, within) : Promise.resolve(FREE);
  }

  /** Waits for its turn to call once more. */
  async nextTurn(signal: AbortSignal): Promise<void> {
    if (this.#connection) await nextTurn(this.#scene.services, this.#connection, signal);
  }

  /** Opens the credential. Throws `StepError`: `CredentialRejected` when there is none, `ConnectionFailed` when nobody calls through it. */
  async open(): Promise<OpenConnection> {
    const { services, journal, secrets, opened } = this.#scene;
    if (this.#connection) await this.#pass(this.#connection);
    const conceal = (secret: string) => {
      secrets?.push(secret);
      opened?.push(secret);
    };
    return services.openConnection(journal.run, this.#name, conceal, this.#connection);
  }

  /** Makes the call, and tells others how the other side is. */
  async through<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      await this.#answered();
      return result;
    } catch (error) {
      const told = toldBy(error);
      if (told === 'answers') await this.#answered();
      if (told === 'fails' && error instanceof StepError) throw await this.#failed(error);
      throw this.#named(error);
    }
  }

  async #pass(connection: Connection): Promise<void> {
    const { services, step } = this.#scene;
    const { circuit } = connection;
    const passage = passageOf(connection, services.now(), step?.retriedAt);
    if (!circuit || passage === 'closed') return;
    if (passage === 'asked') return services.connections.closeCircuit(connection);
    if (passage === 'tries' && (await services.connections.takeTry(connection, services.now()))) return;
    throw notCalled(connection.name, circuit);
  }

  async #answered(): Promise<void> {
    const connection = this.#connection;
    if (!connection?.circuit && !connection?.failures) return;
    // A call that came back is not lost over how it stands.
    await this.#scene.services.connections.callAnswered(connection).catch(() => undefined);
  }

  async #failed(error: StepError): Promise<StepError> {
    const connection = this.#connection;
    if (!connection) return error;
    const { services, secrets = [] } = this.#scene;
    // The other side may repeat what it was told.
    const reason = maskOf(secrets).text(error.message);
    const open = await services.connections.callFailed(connection, reason, services.now()).catch(() => undefined);
    return open ? lastStraw(error, connection.name) : error;
  }

  /** Which connection was not taken: what people are asked about it is one question. */
  #named(error: unknown): unknown {
    if (!(error instanceof StepError) || error.name !== 'CredentialRejected') return error;
    const connection = this.#connection?.name ?? this.#scene.journal.run.connectionOverrides?.[this.#name] ?? this.#name;
    return new StepError(error.name, error.message, Object.assign({}, error.data, { connection }));
  }
}
