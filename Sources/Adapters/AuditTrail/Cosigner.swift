// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog
public import Logging
internal import PlainHTTP
internal import Reactor

/// Has a log's checkpoints cosigned by the witnesses that its policy names, and publishes each that has a quorum.
///
/// It reads what the log publishes, as any other reader, on a thread of its own: a witness that is slow or gone holds up
/// nobody. The file `checkpoint.witnessed` is its alone.
public final class Cosigner: @unchecked Sendable {
    // Proof of @unchecked: after `init` everything is touched on its loop's thread only.
    private struct Round {
        let log: PublishedLog
        var signatures: [NoteSignature] = []
        var waiting = 0
    }

    private struct Member {
        let url: HTTPURL
        let tls: TLSContext?
        var client: WitnessClient
        /// The last thing it said that was not a cosignature, to say it once.
        var trouble: String?
    }

    private let folder: String
    private let policy: TrustPolicy
    private let recorder: AuditRecorder
    private let log: Logger
    private let loop: EventLoop
    private let thread: LoopThread
    private var timer: LoopTimer?
    private var members: [Member] = []
    private var round: Round?
    /// Cosignatures are entries too: a tree that has grown only by them needs no new ones.
    private var settledSize: UInt64 = 0

    static let pauseNanoseconds: Int64 = 1_000_000_000
    private static let answerNanoseconds: Int64 = 5_000_000_000

    /// A witness's address that cannot be used.
    public struct AddressFault: Error, CustomStringConvertible { public var description: String }

    /// - Parameter policy: its witnesses with an address are asked.
    /// - Throws: `AddressFault`, or what the system refuses.
    public init(folder: String, policy: TrustPolicy, recorder: AuditRecorder, log: Logger) throws {
        self.folder = folder
        self.policy = policy
        self.recorder = recorder
        self.log = log
        let files = DiskFiles(reading: folder)
        let last = try files.read(LogVerifier<OpenSSLHash>.witnessedPath).flatMap { try? SignedNote(parsing: $0) }
        for witness in policy.witnesses {
            guard let url = witness.url else { continue }
            do {
                members.append(try Self.member(witness, at: try HTTPURL(url), since: last))
            } catch {
                throw AddressFault(description: "the policy's witness \(witness.name): \(url): \(error)")
            }
        }
        loop = try EventLoop()
        thread = try LoopThread(name: "witness", loop: loop)
        recorder.noteWitnessed(last.flatMap { Checkpoint(parsing: $0.text) }?.size ?? 0)
        loop.submit { [self] in startTimer() }
    }

    private static func member(
        _ witness: TrustPolicy.Witness, at url: HTTPURL, since last: SignedNote?
    ) throws(TLSError) -> Member {
        let hasSigned = last.flatMap { try? $0.verified(by: [witness.key], Ed25519.check) } != nil
        let size = hasSigned ? last.flatMap { Checkpoint(parsing: $0.text) }?.size ?? 0 : 0
        return Member(
            url: url, tls: url.isTLS ? try TLSContext(trusting: nil) : nil,
            client: WitnessClient(key: witness.key, cosignedSize: size))
    }

    public func close() {
        loop.submit { [self] in timer?.cancel() }
        loop.stop()
        thread.join()
    }

    // MARK: Rounds

    private func startTimer() {
        do {
            timer = try LoopTimer(loop: loop, at: loop.now) { [unowned self] in
                begin()
                timer?.reschedule(at: loop.now + Self.pauseNanoseconds)
            }
        } catch {
            log.error("no witness will be asked", metadata: ["reason": "\(error)"])
        }
    }

    /// One checkpoint to every witness, unless the last round still runs or nothing new has happened.
    private func begin() {
        guard round == nil, let published = try? PublishedLog(folder: folder),
            published.checkpoint.size > settledSize
        else { return }
        round = Round(log: published, waiting: members.count)
        for index in members.indices { perform(members[index].client.begin(), of: index) }
    }

    private func perform(_ step: WitnessClient.Step, of index: Int) {
        guard let round else { return }
        switch step {
        case .ask(let size): ask(index, from: size)
        case .cosigned(let signature):
            members[index].trouble = nil
            self.round?.signatures.append(signature)
            settle()
        case .failed(let reason):
            if members[index].trouble != reason { log.warning("no cosignature", metadata: ["reason": "\(reason)"]) }
            members[index].trouble = reason
            settle()
        case .alarm(let reason):
            recorder.noteAlarm(reason)
            log.critical(
                "two pasts of the audit log: stop and look",
                metadata: [
                    "reason": "\(reason)", "checkpoint": "\(String(decoding: round.log.note.bytes, as: UTF8.self))",
                ])
            settle()
        }
    }

    private func ask(_ index: Int, from size: UInt64) {
        guard let round else { return }
        let url = members[index].url
        guard let proof = round.log.consistency(from: size) else {
            return perform(.failed("a tile for the proof from size \(size) is missing"), of: index)
        }
        let body = WitnessRequest(oldSize: size, proof: proof, checkpoint: round.log.note).bytes
        guard case .success(let addresses) = Resolver.addresses(of: url.host, port: url.port) else {
            return perform(.failed("\(url.host) has no address"), of: index)
        }
        let server = HTTPClient.Server(address: addresses[0], tls: members[index].tls, name: url.host)
        let request = HTTPClientRequest(
            "POST", url.appending(path: "/add-checkpoint").target, host: url.authority, body: body)
        HTTPClient.fetch(
            request, from: server, loop: loop, timeoutNanoseconds: Self.answerNanoseconds, bodyBytesMax: 64 << 10
        ) { [unowned self] result in
            answered(index, about: round.log.checkpoint, result)
        }
    }

    private func answered(
        _ index: Int, about tree: Checkpoint, _ result: Result<HTTPClientResponse, HTTPClientFailure>
    ) {
        switch result {
        case .success(let answer):
            let step = members[index].client.answered(Int(answer.status), answer.body, about: tree, Ed25519.check)
            perform(step, of: index)
        case .failure(let failure):
            perform(.failed("witness \(members[index].client.key.name) at \(members[index].url): \(failure)"), of: index)
        }
    }

    /// One witness of the round has had its say.
    private func settle() {
        round?.waiting -= 1
        guard let ended = round, ended.waiting == 0 else { return }
        round = nil
        guard !ended.signatures.isEmpty else { return }
        let note = SignedNote(text: ended.log.note.text, signatures: ended.log.note.signatures + ended.signatures)
        guard let verdict = try? policy.verdict(on: note, Ed25519.check) else { return }
        do throws(LogFileError) {
            try DiskFiles(reading: folder).replace(note.bytes, at: LogVerifier<OpenSSLHash>.witnessedPath)
        } catch {
            return log.error("a cosigned checkpoint could not be written", metadata: ["reason": "\(error)"])
        }
        for signature in ended.signatures { recorder.note(.cosigned(witness: signature.name, size: verdict.checkpoint.size)) }
        settledSize = verdict.checkpoint.size + UInt64(ended.signatures.count)
        recorder.noteWitnessed(verdict.checkpoint.size)
    }
}
