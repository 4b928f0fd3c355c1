/** What is used of the module that Workers have for TCP. */
declare module "cloudflare:sockets" {
  export interface SocketAddress {
    readonly hostname: string;
    readonly port: number;
  }

  export interface SocketOptions {
    readonly secureTransport: "off" | "on" | "starttls";
    /** Whether our side stays open when the server's has ended. */
    readonly allowHalfOpen: boolean;
  }

  export interface SocketInfo {
    /** Address and port. */
    readonly remoteAddress?: string | null;
    readonly localAddress?: string | null;
  }

  export interface Socket {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
    readonly opened: Promise<SocketInfo>;
    readonly closed: Promise<void>;
    close(): Promise<void>;
    startTls(options: { readonly expectedServerHostname?: string }): Socket;
  }

  export function connect(address: SocketAddress, options: SocketOptions): Socket;
}
