// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import ResourceTypes

extension WallTime {
    /// What the system's clock says.
    static var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(unixSeconds: Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}
