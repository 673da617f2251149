/**
 * How Node runs a service here: flags of its memory, each with its reason. Measured by `npm run bench -- memory drain`.
 */
export const serviceFlags = [
  // most of what a message allocates dies with its commit, some 100 ms later; promoted garbage is what costs. From the
  // start, since the young generation grows only while it is full of what survives
  "--min-semi-space-size=32",
  "--max-semi-space-size=32",
  // without a bound the heap grows to four times what is used before it is collected: twice the resident memory
  "--heap-growing-percent=100"
]

/** Arenas of glibc's allocator: by default eight per core, each of which keeps what was freed in it. */
export const serviceEnvironment = { MALLOC_ARENA_MAX: "2" }
