import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * How fast a disk may be, in bytes per second.
 *
 * @typedef {{ readBytes: number, writeBytes: number }} DiskSpeed
 */

/**
 * A slower disk than the machine has. The kernel holds requests back that come too early, beyond some milliseconds' worth.
 *
 * @param {DiskSpeed} speed
 * @param {string} folder on the disk that is meant
 * @returns {import("./control-group.mjs").Limit}
 */
export function diskLimit({ readBytes, writeBytes }, folder) {
  return {
    properties: [`IOReadBandwidthMax=${folder} ${readBytes}`, `IOWriteBandwidthMax=${folder} ${writeBytes}`],
    set: (cgroup) => {
      const device = limitedDisk(folder);
      const version2 = path.join(cgroup, "io.max");
      if (existsSync(version2)) {
        writeFileSync(version2, `${device} rbps=${readBytes} wbps=${writeBytes}`);
        return;
      }
      const version1 = (direction) => path.join(cgroup, `blkio.throttle.${direction}_bps_device`);
      if (!existsSync(version1("read")))
        throw new Error(`Expected a control group with the io controller, but ${cgroup} has no io.max`);
      writeFileSync(version1("read"), `${device} ${readBytes}`);
      writeFileSync(version1("write"), `${device} ${writeBytes}`);
    },
  };
}

/** "major:minor" of the disk whose limit is set: limits are for disks, not for their partitions. */
function limitedDisk(folder) {
  const device = deviceOf(folder);
  const block = blockOf(device);
  if (!existsSync(block))
    throw new Error(`Expected ${folder} on a disk whose speed can be limited, but it lies on ${device}`);
  if (!existsSync(path.join(block, "partition"))) return device;
  return readFileSync(path.join(block, "../dev"), "utf8").trim();
}

/** Whether a folder lies on a disk, and not in memory or on another machine. */
export function isOnDisk(folder) {
  return existsSync(blockOf(deviceOf(folder)));
}

function deviceOf(folder) {
  const { dev } = statSync(folder);
  return `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
}

function blockOf(device) {
  return `/sys/dev/block/${device}`;
}
