/**
 * What a check may ask the Node side for. All of it goes over HTTP on loopback, since a page can do no more than that;
 * what is opened stays on that side, and is closed when the check is over.
 */
import type {
  ConnackPacket,
  ConnectPacket,
  ControlPacket,
  ControlPacketInput,
  PacketOf,
  PacketType,
} from "@rivulet/codec";
import type { MessageProperties } from "rivulet";

import type { ClientHello } from "../options/client-hello.ts";

/** A packet that the client has sent, with the hexadecimal digits of its bytes. */
export type Received<Packet extends ControlPacket = ControlPacket> = Packet & { readonly hex: string };

/** Where a server is: what `remoteHost` and `remotePort` take. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface PeerOptions {
  /** Default: WebSocket for pages, TCP for the others, which may have either. */
  readonly transport?: "tcp" | "ws";
  /** The server's end of TLS. In a page it is that of `wss://`. */
  readonly tls?: PeerTls;
  /** The address to listen on. Default: 127.0.0.1. */
  readonly address?: "127.0.0.1" | "::1";
  /** The name in `host`. Default: the address. */
  readonly name?: string;
  /** Types of packets that it answers by itself, willingly; `true` for all. Default: only PINGREQ. */
  readonly answers?: readonly PacketType[] | boolean;
  /** Takes nothing from the socket until `resume`, beyond what the systems' buffers hold. Default: no. */
  readonly isPaused?: boolean;
  /** Never answers the upgrade to a WebSocket. Default: no. */
  readonly isMute?: boolean;
  /** The subprotocol that a WebSocket server chooses; false for none. Default: "mqtt". */
  readonly subprotocol?: string | false;
  /** The status with which the upgrade to a WebSocket is refused. */
  readonly refusesUpgrade?: number;
}

export interface PeerTls {
  /** Default: `"server"`. */
  readonly certificate?: CertificateName;
  /** Whether it asks for a certificate of the client; `"required"`: and goes on only with one of the authority. */
  readonly asksForCertificate?: boolean | "required";
  /** Such as `"TLSv1.2"`. */
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** As OpenSSL takes them. */
  readonly ciphers?: string;
  /** Names of groups, with colons between them. */
  readonly groups?: string;
  readonly signatureAlgorithms?: string;
  /** What it staples about its certificate. Default: nothing. */
  readonly staples?: "good" | "bad";
  readonly alpnProtocols?: readonly string[];
  /** Whether it shows its certificate without the authorities above it. Default: no. */
  readonly hidesChain?: boolean;
}

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** What TLS agreed on, as the server sees it. */
export interface Agreed {
  readonly protocol: string;
  /** The standard name. */
  readonly cipher: string;
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  readonly isReused: boolean;
  /** The common name in the client's certificate. */
  readonly clientSubject: string | undefined;
  /** The common names of the client's certificate and of those above it, as far as the server finds them. */
  readonly clientChain: readonly string[];
  /** The client's certificate in DER. */
  readonly clientCertificate: Uint8Array | undefined;
}

/** One connection of a scripted server; methods wait until there is something to tell. */
export interface PeerConnection {
  /** The client's end, as the server sees it. */
  client(): Promise<{ readonly address: string; readonly port: number; readonly localAddress: string }>;
  /** The headers of the request for a WebSocket; those of a plain connection are none. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Takes the first packet of that type that nobody has taken, or else the first of any. */
  next(): Promise<Received>;
  next<Type extends PacketType>(type: Type): Promise<Received<PacketOf<Type>>>;
  /** Packets that have come and nobody has taken. */
  waiting(): Promise<Received[]>;
  /** Waits for CONNECT and answers it. */
  accept(connack?: Partial<Omit<ConnackPacket, "type">>): Promise<Received<ConnectPacket>>;
  send(...packets: readonly ControlPacketInput[]): Promise<void>;
  sendHex(hex: string): Promise<void>;
  /** Sends text in a WebSocket, where only binary data may come. */
  sendText(text: string): Promise<void>;
  /** All bytes that have come, decrypted, in hexadecimal digits. */
  bytes(): Promise<string>;
  /** How many bytes have come. */
  count(): Promise<number>;
  /** How many bytes wait to be sent, since the client's and the systems' buffers are full. */
  unsent(): Promise<number>;
  /** The pieces in which they came, and when; the clock is the server's. */
  chunks(): Promise<readonly { readonly atMs: number; readonly length: number }[]>;
  /** Takes nothing more. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Closes in good order; a WebSocket with that status, else 1000. */
  end(status?: number): Promise<void>;
  /** Drops the connection with a reset. */
  reset(): Promise<void>;
  /** Waits until the connection is over, and tells how the client ended it, or that the server had. */
  ended(): Promise<"end" | "reset">;
  /** What the client said first in TLS. */
  hello(): Promise<ClientHello>;
  /** What TLS agreed on. */
  agreed(): Promise<Agreed>;
}

/**
 * A scripted server. Its methods of a connection are those of the first one, until `nextConnection` goes on to the
 * next.
 */
export interface Peer extends Place, PeerConnection {
  /** Waits for the connection after the current one; from now on it is the current one. */
  nextConnection(): Promise<PeerConnection>;
  /** Waits for the n-th connection, from 0. */
  connection(index: number): Promise<PeerConnection>;
  /** How many connections there have been. */
  connectionCount(): Promise<number>;
  /** What the client said first in the last connection that was to be TLS, also where nothing came of it. */
  hello(): Promise<ClientHello>;
  /** Waits for a handshake of TLS that fails, which makes no connection, and tells what the server says of it. */
  refusal(): Promise<string>;
  close(): Promise<void>;
}

/** A request to a proxy, as the client made it. */
export interface ProxyRequest {
  readonly protocol: "http" | "socks4" | "socks5";
  /** A name where the proxy is to resolve it. */
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Of HTTP, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProxyOptions {
  /** Asks for these. */
  readonly username?: string;
  readonly password?: string;
  /** Refuses everything: with that status of HTTP, or that reply of SOCKS. */
  readonly refusesWith?: number;
  /** Takes connections and answers nothing. */
  readonly isMute?: boolean;
  /** Default: 127.0.0.1. */
  readonly name?: string;
}

/** A proxy of our own: it resolves every name to this machine, and passes everything on. */
export interface Proxy extends Place {
  /** What has been asked until now. */
  requests(): Promise<readonly ProxyRequest[]>;
  close(): Promise<void>;
}

/** A program that others use as a proxy. */
export interface RealProxy extends Place {
  readonly username: string;
  readonly password: string;
  /** What it has said until now. */
  log(): Promise<string>;
}

export const certificateNames = [
  /** For localhost, broker.test, 127.0.0.1 and ::1. */
  "server",
  /** The same with RSA. */
  "rsaServer",
  /** The same from an authority below the authority. */
  "chainedServer",
  "expired",
  "future",
  /** For elsewhere.example. */
  "elsewhere",
  /** From an authority that nobody knows. */
  "stranger",
  "selfSigned",
  /** It may only be a client's. */
  "forClients",
  /** Names a responder and a list, which know it as good. */
  "checked",
  /** Names the same responder and list, which know it as revoked. */
  "revoked",
  "client",
  /** With RSA, from an authority below the authority. */
  "rsaClient",
  "strangeClient",
] as const;
export type CertificateName = (typeof certificateNames)[number];

/** A certificate with its key, in all its forms. */
export interface LabCertificate {
  /** Such as `CN=localhost`. */
  readonly commonName: string;
  /** Upper-case hexadecimal digits. */
  readonly serialNumber: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** PEM: the certificate and the authorities between it and the root. */
  readonly chain: string;
  readonly der: Uint8Array;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly chainFile: string;
  /** PEM: the chain and the key. */
  readonly combinedFile: string;
  /** PEM: the chain and the key, which `password` opens. */
  readonly encryptedFile: string;
  /** PKCS#12, which `password` opens. */
  readonly pfxFile: string;
  readonly pfx: Uint8Array;
  /** PKCS#7: the chain, no key. */
  readonly p7bFile: string;
  readonly password: string;
  /** Hexadecimal digits without colons, in upper case. */
  readonly fingerprints: { readonly md5: string; readonly sha1: string; readonly sha256: string };
  /** From when on and until when it is valid, in milliseconds. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** PEM. */
  readonly publicKey: string;
}

export type LabCertificates = Readonly<Record<CertificateName, LabCertificate>> & {
  /** The authority of all but the strangers. */
  readonly authority: string;
  readonly authorityFile: string;
  /** A directory with the authority under its hash, as OpenSSL wants it. */
  readonly authorityDirectory: string;
  /** The authority between it and `chainedServer` and `rsaClient`. */
  readonly intermediate: string;
  readonly intermediateFile: string;
  readonly strangersAuthority: string;
};

export interface LabBroker extends Place {
  /** Ends it before the check is over. */
  close(): Promise<void>;
}

/** Stands between a client and a server of this machine, and passes on what comes. */
export interface Relay extends Place {
  /** Changes a bit of what comes next. */
  damageNext(direction: "toServer" | "toClient"): Promise<void>;
  close(): Promise<void>;
}

/** A process that may open no more files and sockets. */
export interface FileLimit {
  /** Before the check is over. */
  lift(): Promise<void>;
}

/** A client beside the one that is checked: Rivulet's own, on Node, connected to a broker. */
export interface Witness {
  subscribe(filter: string, options?: { readonly qos?: 0 | 1 | 2 }): Promise<void>;
  publish(topic: string, payload: string | Uint8Array, options?: WitnessPublishOptions): Promise<void>;
  /** Takes the next message that came. */
  next(): Promise<WitnessMessage>;
  close(): Promise<void>;
}

export interface WitnessPublishOptions extends MessageProperties {
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
}

export interface WitnessMessage extends MessageProperties {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly duplicate: boolean;
  readonly subscriptionIdentifiers: readonly number[];
}

export interface Lab {
  /** A server that does what the check says. */
  openPeer(options?: PeerOptions): Promise<Peer>;
  openProxy(kind: "http" | "socks", options?: ProxyOptions): Promise<Proxy>;
  /** tinyproxy, microsocks or dante; the guarded ones ask for their user name and password. */
  realProxy(kind: "http" | "guardedHttp" | "socks5" | "guardedSocks5" | "socks4"): Promise<RealProxy>;
  /** A broker of the check's own, with settings of mosquitto's configuration. */
  openBroker(options?: { readonly settings?: Readonly<Record<string, string>> }): Promise<LabBroker>;
  /** The listener of the common broker that asks for a user name and a password. */
  guardedBroker(): Promise<Place & { readonly username: string; readonly password: string }>;
  /** A connection to the common broker. */
  openWitness(options?: { readonly protocolVersion?: 4 | 5 }): Promise<Witness>;
  certificates(): Promise<LabCertificates>;
  /** What the responder and the list of `checked` and `revoked` were asked: the paths, such as `/ocsp`. */
  responderRequests(): Promise<readonly string[]>;
  /** The check's own directory. */
  directory(): Promise<string>;
  /** Writes a file into it; returns its path. */
  writeFile(name: string, content: string | Uint8Array): Promise<string>;
  /** Undefined when there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Something to connect to in the place of that port of 127.0.0.1. */
  openRelay(port: number): Promise<Relay>;
  /** Has a process of this machine open nothing more. */
  limitFiles(pid: number): Promise<FileLimit>;
  /** A port where nobody listens. */
  closedPort(): Promise<Place>;
  /** A host that takes no connection and refuses none. */
  blackHole(): Promise<Place>;
  /** The kernel's timers of the connections to a port: kind 2 is that of keep-alive, with nothing else under way. */
  timers(port: number): Promise<readonly { readonly kind: number; readonly whenMs: number }[]>;
}

/** Bytes and objects of the other side do not go into JSON as they are. */
interface ObjectReference {
  readonly $object: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly methods: readonly string[];
}

/** The lab's end of one check, at its own address. */
export async function connectLab(url: string): Promise<Lab> {
  const methods = (await call(url, 0, "methods", [])) as string[];
  return farObject(url, { $object: 0, fields: {}, methods }) as Lab;
}

async function call(url: string, object: number, method: string, values: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ object, method, values }, encodeBytes);
  const response = await fetch(url, { method: "POST", body });
  const text = await response.text();
  if (!response.ok) throw new Error(`The lab's ${method} failed: ${text}`);
  return reviveBytes(JSON.parse(text), (reference) => farObject(url, reference));
}

/** For `JSON.stringify`, on both sides. */
export function encodeBytes(_key: string, value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  let text = "";
  for (const byte of value) text += String.fromCharCode(byte);
  return { $base64: btoa(text) };
}

/** Undoes `encodeBytes`; null becomes undefined. */
export function reviveBytes(value: unknown, make: (reference: ObjectReference) => unknown = unexpected): unknown {
  if (Array.isArray(value)) return value.map((each) => reviveBytes(each, make));
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const { $base64 } = value as { $base64?: string };
  if ($base64 !== undefined) return Uint8Array.from(atob($base64), (character) => character.charCodeAt(0));
  if ("$object" in value) return make(value as ObjectReference);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, reviveBytes(each, make)]));
}

/** An object whose methods call those of the other side. */
function farObject(url: string, { $object, fields, methods }: ObjectReference): unknown {
  const calls = methods.map((method) => [
    method,
    (...values: readonly unknown[]) => call(url, $object, method, values),
  ]);
  return { ...fields, ...Object.fromEntries(calls) } as unknown;
}

function unexpected(): never {
  throw new Error("There are no objects here");
}
