/** Settings of an ERP that takes files, for tests, with what a test does not say filled in. */
import type { Inventory846, SftpSettings } from "@holdfast/domain/SftpSettings"
import { inDirectory } from "../src/testing/sftp/LegacyErp.ts"
import type { SftpServer } from "../src/testing/sftp/SftpServer.ts"

export const file846: Inventory846 = {
  format: "edi846",
  sender: { qualifier: "ZZ", id: "HOLDFAST" },
  receiver: { qualifier: "01", id: "123456789" },
  version: "004010"
}

export const sftpSettings = (
  { user, hostKey }: Pick<SftpServer, "user" | "hostKey">,
  change: Partial<SftpSettings> = {}
): SftpSettings => ({
  user,
  hostKeys: [hostKey],
  directory: inDirectory,
  file: { format: "csv" },
  ...change
})
