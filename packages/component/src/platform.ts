import type { ConnectOptions, MqttClient } from "rivulet";
import type { CertificateReader } from "./certificates/certificate-reader.ts";

/** What the class needs of where it runs. What is undefined there, the platform does not have. */
export interface Platform {
  /** As it stands in error messages: "Node", "Deno", "a browser". */
  readonly name: string;
  /** Makes a client that is not connected. */
  createClient(url: string, options: ConnectOptions): MqttClient;
  /** Files, synchronously; undefined in browsers. */
  readonly files: Files | undefined;
  /** Reads certificates and keys, synchronously; undefined in browsers, where TLS is not ours to make. */
  readonly certificates: CertificateReader | undefined;
  /** Whether sockets are ours: local addresses, TCP options, proxies. False in browsers. */
  readonly hasSockets: boolean;
  /** Whether those under WebSockets are ours too. Default: as `hasSockets`. False in Deno. */
  readonly hasWebSocketSockets?: boolean;
  /** Whether sockets can gather small packets (Nagle's algorithm). Default: true. False in Bun, which sends at once. */
  readonly hasDelay?: boolean;
}

/** Synchronous files: what is asked for at once has to be there at once. */
export interface Files {
  /** @throws the platform's error. */
  read(path: string): Uint8Array;
  /** Replaces the file as a whole, readable to its owner only. */
  write(path: string, bytes: Uint8Array): void;
}
