/** Types of PidLock.mjs, which is plain JavaScript so that it runs before anything is installed. */

export declare const processStamp: (pid: number) => string | undefined

export type PidLock =
  | { readonly release: () => void; readonly holder?: never }
  | { readonly holder: number; readonly release?: never }

export declare const tryLock: (path: string, pid?: number) => PidLock
