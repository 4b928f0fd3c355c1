/** How long the addresses of one certificate have to answer, by one mechanism, in ms. */
export const defaultTimeoutMs: number = 5_000;

/** The most that is taken of an OCSP answer. Real ones have a few KiB. */
export const ocspAnswerBytesLimit: number = 64 * 1024;

/** The most that is taken of a list of revoked certificates. */
export const crlBytesLimit: number = 16 * 1024 * 1024;

/** How many addresses of a certificate are asked, one after the other. */
export const addressLimit: number = 4;

/** How often an address may send us to another one. */
export const redirectLimit: number = 3;

/** How far the responder's clock may be from ours, in ms. */
export const clockSkewMs: number = 5 * 60_000;

/** How long an OCSP answer holds that does not say it, in ms. */
export const undatedAnswerMs: number = 24 * 3_600_000;

/** How long an answer is kept at most, in ms, also if it says that it holds for longer. */
export const cachedAnswerMs: number = 3_600_000;

/** How much is kept of answers. The oldest go first. */
export const cacheBytesLimit: number = 32 * 1024 * 1024;

/** How many certificates of an OCSP answer are looked at for the one that has signed it. */
export const signerLimit: number = 8;
