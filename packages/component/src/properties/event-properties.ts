import { Emitter, type Listener, type Unsubscribe } from "../emitter.ts";
import type { MQTTEvents } from "../events.ts";

/** A handler, or none. */
type Handler<Name extends keyof MQTTEvents> = Listener<Name> | undefined;

/** The events: each name has a handler that can be assigned, and any number of listeners, by `on`, that come after it. */
export abstract class EventProperties {
  protected readonly emitter: Emitter;

  protected constructor(failed: (error: unknown) => void) {
    this.emitter = new Emitter(failed);
  }

  /** Calls a listener at each event of a name; returns a function that calls it off. */
  on<Name extends keyof MQTTEvents>(name: Name, listener: Listener<Name>): Unsubscribe {
    return this.emitter.on(name, listener);
  }

  /** A connection has been made, or has failed. */
  get onConnected(): Handler<"connected"> {
    return this.emitter.handler("connected");
  }
  set onConnected(handler: Handler<"connected">) {
    this.emitter.handle("connected", handler);
  }

  /** The state of the connection has changed. */
  get onConnectionStatus(): Handler<"connectionStatus"> {
    return this.emitter.handler("connectionStatus");
  }
  set onConnectionStatus(handler: Handler<"connectionStatus">) {
    this.emitter.handle("connectionStatus", handler);
  }

  /** The connection has been closed. */
  get onDisconnected(): Handler<"disconnected"> {
    return this.emitter.handler("disconnected");
  }
  set onDisconnected(handler: Handler<"disconnected">) {
    this.emitter.handle("disconnected", handler);
  }

  /** Something has gone wrong that belongs to no call. */
  get onError(): Handler<"error"> {
    return this.emitter.handler("error");
  }
  set onError(handler: Handler<"error">) {
    this.emitter.handle("error", handler);
  }

  /** There is an entry for the log, as far as the setting `LogLevel` lets it. */
  get onLog(): Handler<"log"> {
    return this.emitter.handler("log");
  }
  set onLog(handler: Handler<"log">) {
    this.emitter.handle("log", handler);
  }

  /** The exchange of a message at QoS 1 or 2 is over; the message is still listed. */
  get onMessageAck(): Handler<"messageAck"> {
    return this.emitter.handler("messageAck");
  }
  set onMessageAck(handler: Handler<"messageAck">) {
    this.emitter.handle("messageAck", handler);
  }

  /** A message has come: at QoS 0 at once, else when its exchange is over. */
  get onMessageIn(): Handler<"messageIn"> {
    return this.emitter.handler("messageIn");
  }
  set onMessageIn(handler: Handler<"messageIn">) {
    this.emitter.handle("messageIn", handler);
  }

  /** A message has been sent at QoS 0, or its exchange is over. */
  get onMessageOut(): Handler<"messageOut"> {
    return this.emitter.handler("messageOut");
  }
  set onMessageOut(handler: Handler<"messageOut">) {
    this.emitter.handle("messageOut", handler);
  }

  /** Data can be sent: after a connection has been made, and after a message could not be sent at once. */
  get onReadyToSend(): Handler<"readyToSend"> {
    return this.emitter.handler("readyToSend");
  }
  set onReadyToSend(handler: Handler<"readyToSend">) {
    this.emitter.handle("readyToSend", handler);
  }

  /** The server has shown its certificate; whether to go on can be set, at once. */
  get onSslServerAuthentication(): Handler<"sslServerAuthentication"> {
    return this.emitter.handler("sslServerAuthentication");
  }
  set onSslServerAuthentication(handler: Handler<"sslServerAuthentication">) {
    this.emitter.handle("sslServerAuthentication", handler);
  }

  /** TLS has got further; for information only. */
  get onSslStatus(): Handler<"sslStatus"> {
    return this.emitter.handler("sslStatus");
  }
  set onSslStatus(handler: Handler<"sslStatus">) {
    this.emitter.handle("sslStatus", handler);
  }

  /** The server has answered for one Topic Filter. */
  get onSubscribed(): Handler<"subscribed"> {
    return this.emitter.handler("subscribed");
  }
  set onSubscribed(handler: Handler<"subscribed">) {
    this.emitter.handle("subscribed", handler);
  }

  /** The server has answered a call of `unsubscribe`. */
  get onUnsubscribed(): Handler<"unsubscribed"> {
    return this.emitter.handler("unsubscribed");
  }
  set onUnsubscribed(handler: Handler<"unsubscribed">) {
    this.emitter.handle("unsubscribed", handler);
  }
}
