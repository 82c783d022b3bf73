// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

/// The operating system's thread that runs one loop.
public final class LoopThread: @unchecked Sendable {
    // Proof of @unchecked: `handle` is written in `init` only, before the object is shared.
    private var handle = pthread_t()
    public let loop: EventLoop

    private final class Start {
        let name: String
        let loop: EventLoop
        let setUp: () -> Void
        init(name: String, loop: EventLoop, setUp: @escaping () -> Void) {
            self.name = name
            self.loop = loop
            self.setUp = setUp
        }
    }

    /// Starts a thread, runs `setUp` on it, then the loop until `stop`.
    /// - Parameter name: shown by the system's tools, at most 15 bytes.
    public init(name: String, loop: EventLoop, setUp: @escaping @Sendable () -> Void = {}) throws(ReactorError) {
        self.loop = loop
        let start = Unmanaged.passRetained(Start(name: name, loop: loop, setUp: setUp))
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                isobar_name_thread(String(start.name.prefix(15)))
                start.setUp()
                start.loop.run()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw ReactorError(operation: "pthread_create", number: code)
        }
    }

    /// Waits for the loop to end after `loop.stop()`.
    public func join() { pthread_join(handle, nil) }
}
