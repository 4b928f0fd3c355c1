import type * as api from "rivulet";

// What the script tag of the UMD bundle defines.
declare global {
  const rivulet: typeof api;
}
