import { ProtocolError, reasonCodes, type AuthPacket, type ConnackPacket, type ControlPacket } from "@rivulet/codec";

/** Where the exchange of AUTH packets of one connection stands (section 4.12). */
export class Authentication {
  /** The Authentication Method of CONNECT; without one there is no AUTH. */
  readonly method: string | undefined;
  /** CONNACK and what came after it, while the server's last word is looked at. */
  readonly held: (readonly [packet: ControlPacket, byteLength: number])[] = [];
  /** An AUTH of ours that begins a re-authentication has not been answered with success. */
  #isReauthenticating = false;

  constructor(method: string | undefined) {
    this.method = method;
  }

  /** The next AUTH of ours. */
  next(reasonCode: number, authenticationData: Uint8Array | undefined): AuthPacket {
    this.#isReauthenticating ||= reasonCode === reasonCodes.reAuthenticate;
    const data = authenticationData === undefined ? {} : { authenticationData };
    const authenticationMethod = this.method as string; // Without one there is no AUTH.
    // [MQTT-4.12.0-3] [MQTT-4.12.1-1]
    return { type: "auth", reasonCode, properties: { authenticationMethod, ...data } }; // [MQTT-4.12.0-5]
  }

  /**
   * Whether a CONNACK that accepts ends an exchange, and is to prove something.
   *
   * @throws ProtocolError when it has another Authentication Method than CONNECT.
   */
  proves({ properties: { authenticationMethod } = {} }: ConnackPacket): boolean {
    this.#checkMethod("CONNACK", authenticationMethod);
    return this.method !== undefined;
  }

  /** @throws ProtocolError for an AUTH of the server that does not belong here. */
  check({ reasonCode, properties = {} }: AuthPacket, isConnecting: boolean): void {
    const isAllowed =
      reasonCode === reasonCodes.continueAuthentication || (reasonCode === reasonCodes.success && !isConnecting);
    // [MQTT-4.12.0-2] [MQTT-4.12.0-6]
    if (this.method === undefined || !isAllowed || !(isConnecting || this.#isReauthenticating)) {
      throw new ProtocolError("The server sent AUTH, which it may not");
    }
    this.#checkMethod("AUTH", properties.authenticationMethod);
    if (reasonCode === reasonCodes.success) this.#isReauthenticating = false;
  }

  /** [MQTT-4.12.0-5] [MQTT-4.12.0-6] */
  #checkMethod(what: string, method: string | undefined): void {
    // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
    if (method !== this.method) throw new ProtocolError(`The server sent ${what} of another authentication method`);
  }
}
