import {
  readFirewallHost,
  readLocalHost,
  readLocalPort,
  readRemoteHost,
  setFirewallHost,
  setFirewallPort,
  setFirewallType,
  setLocalHost,
  setLocalPort,
  setRemoteHost,
  setRemotePort,
} from "../options/addresses.ts";
import { setSocketField } from "../options/socket-fields.ts";
import { TlsProperties } from "./tls-properties.ts";

/** Where the connection goes to, from where, and through what. */
export abstract class FirewallProperties extends TlsProperties {
  /** Whether to go through the proxy that the system's environment names, if there is one. Default: false. */
  get firewallAutoDetect(): boolean {
    return this.core.settings.socket.firewallAutoDetect;
  }

  set firewallAutoDetect(value: boolean) {
    setSocketField(this.core, "firewallAutoDetect", value);
  }

  /** One of `FirewallTypes`; setting it sets `firewallPort` to what is usual for it. Default: 0, none. */
  get firewallType(): number {
    return this.core.settings.socket.firewallType;
  }

  set firewallType(value: number) {
    setFirewallType(this.core, value);
  }

  /** Name or address of the proxy; its address while a connection goes through it. Default: "", none. */
  get firewallHost(): string {
    return readFirewallHost(this.core);
  }

  set firewallHost(value: string) {
    setFirewallHost(this.core, value);
  }

  /** What `firewallUser` proves itself to the proxy with. Default: "". */
  get firewallPassword(): string {
    return this.core.settings.socket.firewallPassword;
  }

  set firewallPassword(value: string) {
    setSocketField(this.core, "firewallPassword", value);
  }

  /** Port of the proxy; 0 is taken as what is usual for its type. Default: 0. */
  get firewallPort(): number {
    return this.core.settings.socket.firewallPort;
  }

  set firewallPort(value: number) {
    setFirewallPort(this.core, value);
  }

  /** User name for the proxy; "" for one that asks for none. Default: "". */
  get firewallUser(): string {
    return this.core.settings.socket.firewallUser;
  }

  set firewallUser(value: string) {
    setSocketField(this.core, "firewallUser", value);
  }

  /** Address of this machine to connect from; while there is a connection, the one it has. Default: "", any. */
  get localHost(): string {
    return readLocalHost(this.core);
  }

  set localHost(value: string) {
    setLocalHost(this.core, value, 107);
  }

  /** Port to connect from; while there is a connection, the one it has. Default: 0, any. */
  get localPort(): number {
    return readLocalPort(this.core);
  }

  set localPort(value: number) {
    setLocalPort(this.core, value);
  }

  /**
   * Name or address of the server, with a `*` before it for the SOCKS proxy to look it up, or a URL that begins with
   * `ws://` or `wss://`; for a name, the address that was found while there is a connection. Default: "".
   */
  get remoteHost(): string {
    return readRemoteHost(this.core);
  }

  set remoteHost(value: string) {
    setRemoteHost(this.core, value);
  }

  /** Port of the server; a WebSocket's URL may have its own, which is taken first. Default: 1883. */
  get remotePort(): number {
    return this.core.settings.remotePort;
  }

  set remotePort(value: number) {
    setRemotePort(this.core, value);
  }
}
