/** Defaults and limits of the engine. Those of the first group are options of `connect`. */

/** Keep Alive, in seconds. */
export const defaultKeepAlive = 60;
/** Receive Maximum told to the server: its QoS 1 and 2 messages that may be unacknowledged at a time. */
export const defaultReceiveMaximum = 1000;
/** Our own cap on QoS 1 and 2 messages in flight to the server, whatever its Receive Maximum. */
export const defaultMaxInflight = 1000;
/**
 * The same before MQTT 5.0, where a server cannot tell its own limit and some enforce one: mosquitto by default cuts
 * off a client with more than 20 unfinished QoS 2 messages.
 */
export const defaultMaxInflightUntold = 20;
/** Topic Alias Maximum told to the server. */
export const defaultTopicAliasMaximum = 10;
/** From opening the transport to CONNACK, in ms. */
export const defaultConnectTimeoutMs = 30_000;
/** From sending a SUBSCRIBE or UNSUBSCRIBE to its answer, in ms. */
export const defaultOperationTimeoutMs = 30_000;
/** How long `disconnect` waits for what is in flight, in ms. */
export const defaultDisconnectTimeoutMs = 10_000;
/** The most that is waited for before the first attempt to connect again, in ms; it doubles with each further one. */
export const defaultMinDelayMs = 1000;
/** The most that it grows to, in ms. */
export const defaultMaxDelayMs = 60_000;
/** How long a connection has to last for the delays to begin anew, in ms. */
export const defaultStableAfterMs = 30_000;
/** How often in a row the client goes where a server sends it. */
export const defaultMaxHops = 5;
/** Messages that may wait to be sent. */
export const defaultQueueMessages = 10_000;
/** Bytes that may wait to be sent. */
export const defaultQueueBytes: number = 16 * 1024 * 1024;
/** QoS 0 messages that a subscription buffers for its consumer. */
export const defaultHighWaterMark = 256;

/** What a message that waits counts beside its payload and topic, in bytes. */
export const messageOverheadBytes = 256;

/** Bytes of messages that wait for consumers, all subscriptions together, beyond which reading pauses. */
export const inboundBytesLimit: number = 16 * 1024 * 1024;

/**
 * Publishes are encoded into the batch that leaves next while it is smaller than this, in bytes; the others wait, so
 * that an acknowledgement or a ping never stands behind more than one such batch. A payload of this size is not copied
 * into it; what Node buffers of a socket must not be more, or a write would settle, and the payload be its owner's again,
 * before all of it has left.
 */
export const batchBytesLimit: number = 64 * 1024;

/**
 * Reading pauses while more than this, in bytes, waits for a transport that takes nothing: a server that sends and
 * does not read must not fill our memory with acknowledgements.
 */
export const outputBytesLimit: number = 1024 * 1024;

/** How long a message that others wait behind may be without an acknowledgement until the log says so, in ms. */
export const acknowledgementPatienceMs = 30_000;

/** A packet that arrives in pieces is a sign of life when it grows by so many bytes within the Keep Alive. */
export const leastProgressBytes = 1024;

/**
 * How long after CONNACK messages of a resumed session wait for the application to subscribe, on the first connection,
 * in ms. Meanwhile they are not acknowledged, nor are those behind them.
 */
export const firstConsumerPatienceMs = 10_000;

/** How long the server has to close its side after DISCONNECT before the connection is dropped, in ms. */
export const closeGraceMs = 2000;

/** How often in a row a server may break the protocol before the client leaves it alone. */
export const protocolFaultsLimit = 5;

/** Servers that are tried of those that one Server Reference names. */
export const serverReferencesLimit = 10;

/** Topics whose matching subscriptions are remembered. */
export const routeCacheSize = 1000;

/** The longest delay that timers of every platform can hold, in ms: 2^31 - 1. */
export const maximumTimerDelayMs = 2_147_483_647;
