import { UnsupportedError } from "@rivulet/engine";

/** The library, which those who want it install. */
export type SocksLibrary = Pick<typeof import("socks"), "SocksClient">;

/** @throws UnsupportedError when it is not there. */
export async function loadSocks(load: () => Promise<SocksLibrary> = () => import("socks")): Promise<SocksLibrary> {
  try {
    return await load();
  } catch (cause) {
    const message = 'SOCKS proxies need the package "socks", which is not installed: npm install socks';
    throw new UnsupportedError("proxy", message, { cause });
  }
}
