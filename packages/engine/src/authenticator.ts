/**
 * How a client proves who it is by enhanced authentication (section 4.12): a method, and an exchange of data that
 * CONNECT, AUTH and CONNACK carry. MQTT 5.0 only. `scram` of `rivulet/scram` makes one; anything else that fits the
 * interface does as well, such as a Kerberos ticket or a challenge that a device signs.
 *
 * @example
 * ```ts
 * import type { Authenticator } from "@rivulet/engine";
 *
 * const authenticator: Authenticator = {
 *   method: "ECHO",
 *   begin: () => ({
 *     initialData: new TextEncoder().encode("kitchen"),
 *     respond: (challenge) => challenge,
 *     verify: () => undefined,
 *   }),
 * };
 * console.log(authenticator.method); // => ECHO
 * ```
 */
export interface Authenticator {
  /** The Authentication Method, as the server knows it. It may not change while a client uses it. */
  readonly method: string;
  /** Begins an exchange: one for each connection, and for each re-authentication. */
  begin(): Authentication | Promise<Authentication>;
}

/**
 * One exchange. Whatever it throws or rejects with ends the connection, and `connect` or `reauthenticate` rejects with
 * an AuthenticationError that has it as its cause. It is given as much time as the server: `connectTimeoutMs`, or
 * `operationTimeoutMs` for a re-authentication. An exchange that is given up is not told so.
 */
export interface Authentication {
  /** Authentication Data of the CONNECT or AUTH that begins the exchange; undefined sends none. */
  readonly initialData?: Uint8Array | undefined;
  /** Answers an AUTH of the server with Reason Code 0x18, Continue authentication; undefined answers without data. */
  respond(data: Uint8Array | undefined): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The server has accepted; rejects when its data prove that it is not who it should be. */
  verify(data: Uint8Array | undefined): void | Promise<void>;
}
