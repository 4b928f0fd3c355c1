import { UnsupportedError } from "@rivulet/engine";

/** The library, which those who want it install. */
export type SocksLibrary = Pick<typeof import("socks"), "SocksClient">;

/** A bundler that does not find it leaves it at that, because there is a `catch`. */
const importSocks = (): Promise<SocksLibrary> =>
  import("socks").catch((error: unknown) => {
    throw error;
  });

/** @throws UnsupportedError when it is not there. */
export async function loadSocks(load: () => Promise<SocksLibrary> = importSocks): Promise<SocksLibrary> {
  try {
    return await load();
  } catch (cause) {
    const message = 'SOCKS proxies need the package "socks", which is not installed: npm install socks';
    throw new UnsupportedError("proxy", message, { cause });
  }
}
