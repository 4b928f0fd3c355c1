/** The one empty array that stands wherever there are no bytes yet. */
export const noBytes: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
