/** Every limit of the catalogue's files and requests, each with its reason. */

/** Lines of one file: about 300 MB while they are compared. The largest shops keep some hundred thousand SKUs. */
export const linesMax = 500_000

/** Bytes of one file: lines of that number with 128 bytes each. */
export const fileBytesMax = 64 * 1024 * 1024

/** Bytes of one request: some 100,000 lines. It is read while the same process serves everything else. */
export const requestBytesMax = 8 * 1024 * 1024

/** Problems that are listed; the others are counted. Enough to see the pattern, few enough to read. */
export const problemsMax = 50

/** Bytes of a file that are parsed in one go: more would delay what else the process does. */
export const chunkBytes = 64 * 1024

/** Changes that a table shows; the others are counted. */
export const changesShownMax = 20

/** Changes that an answer over HTTP names; the others are counted. */
export const changesAnsweredMax = 1_000

/**
 * Lines of one event: with ids of the greatest length, every character of them escaped, 400 lines are below the 256 KiB of a
 * payload.
 */
export const eventLinesMax = 400

/** SKUs of one page. */
export const pageSkusMax = 1_000
export const pageSkusDefault = 100
