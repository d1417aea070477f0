import { writeFileSync } from 'node:fs'

/**
 * Keys live in memory only; a core dump would put them on disk for whoever reads crash reports. From here on the kernel leaves the
 * memory of this process, and of those it starts, out of any dump. Without effect where there is no such file.
 * https://docs.kernel.org/filesystems/proc.html#proc-pid-coredump-filter-core-dump-filtering-settings
 */
export function keepMemoryOutOfCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // not Linux, or a kernel without core dumps
  }
}
