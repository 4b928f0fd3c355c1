import type { ConnectOptions, EngineOptions, Environment, MqttClient, Transport } from "@rivulet/engine";

/** Time and chance, as every platform has them. */
const environment: Environment = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => {
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
  wallNow: () => Date.now(),
  getRandomValues: (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
};

/** The user's options, with what the platform has to offer. */
export function onPlatform(
  options: ConnectOptions,
  transports: readonly Transport[],
  more?: Partial<Environment>,
): EngineOptions {
  return Object.assign({}, options, {
    transports: options.transports ?? transports,
    environment: more === undefined ? environment : { ...environment, ...more },
  });
}

/** Connects a client, and resolves to it. */
export async function connected<Client extends MqttClient>(client: Client): Promise<Client> {
  await client.connect();
  return client;
}
