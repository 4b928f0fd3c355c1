import { ProtocolError, reasonCodes, type AuthPacket, type ConnackPacket, type PacketProperties } from "@rivulet/codec";
import type { Authentication, Authenticator } from "../authenticator.ts";
import type { Connection } from "../connection.ts";
import { Deferred } from "../deferred.ts";
import { AuthenticationError, type MqttError } from "../errors.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import type { Session } from "../session/session.ts";
import { giveUpWhen } from "./operations.ts";

// Theory of operation
//
// An Authenticating runs the exchanges of one Network Connection (section 4.12), one after the other: that of the
// CONNECT, which `begin` begins, and those of `reauthenticate`. In each the server asks any number of times for more,
// and the authenticator's answers leave in AUTH packets; when it is content, the authenticator looks whether it is the
// right server. Only then is the CONNACK accepted, or the re-authentication over.
//
// An authenticator may take its time, and is asked one thing at a time. When it fails, so does the connection. What it
// says after the end of the connection is of no interest.

/** Who has the connection. */
export interface AuthenticationHost {
  readonly session: Pick<Session<never>, "authenticate" | "fail">;
  readonly connection: Pick<Connection<never>, "accept" | "wake"> | undefined;
}

/** Runs the exchanges of one connection. */
export class Authenticating {
  readonly #authenticator: Authenticator;
  readonly #options: ResolvedOptions;
  readonly #host: AuthenticationHost;
  #exchange: Authentication | undefined;
  #isBusy = false;
  #isOver = false;
  #reauthentication: Deferred<void> | undefined;

  constructor(authenticator: Authenticator, options: ResolvedOptions, host: AuthenticationHost) {
    this.#authenticator = authenticator;
    this.#options = options;
    this.#host = host;
  }

  /**
   * Begins an exchange; resolves to what CONNECT is to say.
   *
   * @throws AuthenticationError when the authenticator fails.
   */
  async begin(): Promise<PacketProperties<"connect">> {
    try {
      const { method: authenticationMethod } = this.#authenticator;
      this.#exchange = await this.#authenticator.begin();
      const { initialData: authenticationData } = this.#exchange;
      return authenticationData === undefined ? { authenticationMethod } : { authenticationMethod, authenticationData };
    } catch (error) {
      throw asAuthenticationError(error);
    }
  }

  /** Authenticates once more; while that is under way, there is no other. */
  reauthenticate(): Promise<void> {
    if (this.#reauthentication === undefined) {
      this.#reauthentication = new Deferred<void>();
      this.#run(this.begin(), ({ authenticationData }) => {
        this.#host.session.authenticate(reasonCodes.reAuthenticate, authenticationData); // [MQTT-4.12.1-1]
      });
      const { environment, operationTimeoutMs: timeoutMs } = this.#options;
      giveUpWhen({ timeoutMs, what: "reauthenticate" }, this.#reauthentication.promise, environment, (reason) => {
        this.#fail(reason as MqttError);
      });
    }
    return this.#reauthentication.promise;
  }

  /** The server has said something: in AUTH, or in the CONNACK that waits to be accepted. */
  received({ type, reasonCode, properties }: AuthPacket | ConnackPacket): void {
    const data = properties?.authenticationData;
    if (this.#isBusy) {
      this.#fail(new ProtocolError(`The server sent ${type.toUpperCase()} although it was not its turn`));
    } else if (reasonCode === reasonCodes.continueAuthentication) {
      const answering = this.#ask((exchange) => exchange.respond(data));
      this.#run(answering, (answer) => {
        this.#host.session.authenticate(reasonCodes.continueAuthentication, answer); // [MQTT-4.12.0-3]
      });
    } else {
      const verifying = this.#ask((exchange) => exchange.verify(data));
      this.#run(verifying, () => {
        if (type === "connack") this.#host.connection?.accept();
        this.#reauthentication?.resolve();
        this.#reauthentication = undefined;
      });
    }
  }

  /** The connection is over. */
  ended(error: MqttError): void {
    this.#isOver = true;
    this.#reauthentication?.reject(error);
  }

  /** Asynchronous, so that what an authenticator throws is the same as what it rejects with. */
  async #ask<Answer>(question: (exchange: Authentication) => Answer | Promise<Answer>): Promise<Answer | undefined> {
    return this.#exchange && question(this.#exchange);
  }

  #run<Answer>(asked: Promise<Answer>, next: (answer: Answer) => void): void {
    this.#isBusy = true;
    asked
      .then((answer) => {
        this.#isBusy = false;
        if (this.#isOver) return;
        next(answer);
        this.#host.connection?.wake();
      })
      .catch((error: unknown) => {
        this.#fail(asAuthenticationError(error));
      });
  }

  /** [MQTT-4.12.1-2] */
  #fail(error: MqttError): void {
    if (this.#isOver) return;
    this.#host.session.fail(error); // [MQTT-4.12.1-2]
    this.#host.connection?.wake();
  }
}

function asAuthenticationError(cause: unknown): MqttError {
  if (cause instanceof AuthenticationError) return cause;
  return new AuthenticationError("The authenticator failed", { cause });
}
