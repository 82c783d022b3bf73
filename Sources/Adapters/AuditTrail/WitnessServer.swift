// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog
public import Logging
internal import PlainHTTP
public import Reactor
internal import WireFormats

/// A witness: cosigns checkpoints of the logs it knows, each only as the continuation of the last one (C2SP tlog-witness).
///
/// What was cosigned is on the disk before the signature leaves. One thread looks at one request at a time, so that no two
/// can both continue the same past.
/// - Threading: confined to its loop. Blocks on the disk.
public final class WitnessServer {
    private let files: DiskFiles
    private let signer: NoteSigner
    private let logs: [VerifierKey]
    private let unixSeconds: () -> UInt64
    private let log: Logger
    private var server: HTTPServer?

    /// - Parameters:
    ///   - folder: where it remembers what it cosigned; one process at a time.
    ///   - logs: whose checkpoints it takes.
    public init(
        folder: String, signer: NoteSigner, logs: [VerifierKey], loop: EventLoop,
        unixSeconds: @escaping () -> UInt64, log: Logger
    ) throws(LogFileError) {
        files = try DiskFiles(writing: folder)
        self.signer = signer
        self.logs = logs
        self.unixSeconds = unixSeconds
        self.log = log
        let limits = HTTPServerLimits(bodyBytesMax: WitnessRequest.bytesMax, connectionsMax: 256)
        server = HTTPServer(loop: loop, limits: limits) { [unowned self] request, responder in
            handle(request, responder)
        }
    }

    /// - Returns: the port bound, also when 0 was asked for.
    public func listen(on address: SocketAddress, tls: TLSContext?) throws(ReactorError) -> UInt16 {
        guard let server else { preconditionFailure("a witness listens before it is closed") }
        return try server.listen(on: address, tls: tls)
    }

    public func close() {
        server?.close()
        server = nil
        files.release()
    }

    private func handle(_ request: HTTPServerRequest, _ responder: HTTPResponder) {
        switch (request.method, request.path) {
        case (.post, "/add-checkpoint"): add(request.body, responder)
        case (.get, let path) where path.hasSuffix("/checkpoint"): show(path, responder)
        default: text(responder, 404, "POST /add-checkpoint or GET /HEX-SHA256-OF-ORIGIN/checkpoint\n")
        }
    }

    /// The latest checkpoint that was cosigned for an origin.
    private func show(_ path: String, _ responder: HTTPResponder) {
        let name = path.dropFirst().dropLast("/checkpoint".utf8.count)
        guard name.utf8.count == 64, name.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            let bytes = (try? files.read(String(name))) ?? nil
        else { return text(responder, 404, "no checkpoint of this origin\n") }
        responder.respond(200, contentType: "text/plain; charset=utf-8", body: bytes)
    }

    private func add(_ body: [UInt8], _ responder: HTTPResponder) {
        do throws(LogFileError) {
            var fault: LogFileError?
            let answer = WitnessDecision.answer(
                to: body, logs: logs,
                cosigned: { origin in
                    do throws(LogFileError) { return try cosigned(origin) } catch {
                        fault = error
                        return nil
                    }
                }, by: OpenSSLHash.self, Ed25519.check)
            // Because: not knowing what was cosigned is not the same as nothing having been.
            if let fault { throw fault }
            switch answer {
            case .cosign(let tree): text(responder, 200, try cosign(tree, body).line)
            case .conflict(let size):
                responder.respond(409, contentType: "text/x.tlog.size", body: Array("\(size)\n".utf8))
            case .malformed, .unknownOrigin, .untrusted, .unprovable:
                text(responder, answer.status, "\(answer)\n")
            }
        } catch {
            log.error("a checkpoint could not be remembered and was not cosigned", metadata: ["reason": "\(error)"])
            text(responder, 500, "the witness cannot remember\n")
        }
    }

    private func cosigned(_ origin: String) throws(LogFileError) -> Checkpoint? {
        guard let bytes = try files.read(Self.name(of: origin)) else { return nil }
        guard let note = try? SignedNote(parsing: bytes), let checkpoint = Checkpoint(parsing: note.text) else {
            throw LogFileError(doing: "read", path: Self.name(of: origin), reason: "it is no checkpoint")
        }
        return checkpoint
    }

    private func cosign(_ tree: Checkpoint, _ body: [UInt8]) throws(LogFileError) -> NoteSignature {
        let cosignature = signer.cosign(tree, unixSeconds: unixSeconds())
        let others = WitnessRequest(parsing: body)?.checkpoint.signatures.filter { signature in
            logs.contains { $0.name == signature.name && $0.keyID == signature.keyID }
        }
        let note = SignedNote(text: tree.text, signatures: (others ?? []) + [cosignature])
        try files.replace(note.bytes, at: Self.name(of: tree.origin))
        return cosignature
    }

    private static func name(of origin: String) -> String {
        Array(origin.utf8).withUnsafeBytes { OpenSSLHash.hash($0).hexadecimal }
    }

    private func text(_ responder: HTTPResponder, _ status: Int, _ text: String) {
        responder.respond(status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}
