// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import SQLiteFile

/// Events to entries, keyed with their subjects' keys, and into the log in one step.
/// - Threading: confined to its owner.
final class BatchWriter<Files: LogFiles> {
    let writer: LogWriter<Files>
    private let keys: SubjectKeys
    private let renderer = RequestEventWriter()
    /// An earlier process may have left some.
    private var mayHaveErasures = true

    init(writer: LogWriter<Files>, keys: SubjectKeys) {
        self.writer = writer
        self.keys = keys
    }

    enum Failure: Error, CustomStringConvertible {
        case log(LogWriterError)
        case keys(SQLiteError)

        var description: String {
            switch self {
            case .log(let error): "\(error)"
            case .keys(let error): "audit log: keys of subjects: \(error)"
            }
        }
    }

    /// Makes all of them durable, or none.
    /// - Returns: how many entries were left out because they break the two-phase rule: the end of something whose
    ///   beginning was lost, for the most part.
    func write(_ batches: [AuditBatch], and events: [AdministrativeEvent], unixMilliseconds: Int64) throws(Failure)
        -> Int
    {
        var entries: [LogEntry]
        do throws(SQLiteError) {
            entries = try render(batches)
            try keys.commit()
        } catch {
            keys.abandon()
            throw .keys(error)
        }
        entries += events.map { LogEntry($0.entry(unixMilliseconds: unixMilliseconds)) }
        return try append(entries)
    }

    /// Looks for what other processes have erased: forgets those keys here too, and says so in the log.
    func writeErasures(unixMilliseconds: Int64) throws(Failure) {
        let erasures: [SubjectKeys.Erasure]
        do throws(SQLiteError) {
            if try keys.refresh() { mayHaveErasures = true }
            guard mayHaveErasures else { return }
            erasures = try keys.erasures()
        } catch {
            throw .keys(error)
        }
        let events = erasures.map { AdministrativeEvent.subjectErased(handle: $0.handle, tenant: $0.tenant) }
        _ = try append(events.map { LogEntry($0.entry(unixMilliseconds: unixMilliseconds)) })
        do throws(SQLiteError) {
            try keys.noteWritten(erasures)
        } catch {
            throw .keys(error)
        }
        mayHaveErasures = erasures.count == SubjectKeys.erasuresMax
    }

    private func append(_ entries: [LogEntry]) throws(Failure) -> Int {
        guard !entries.isEmpty else { return 0 }
        do throws(LogWriterError) {
            do throws(LogWriterError) {
                _ = try writer.append(entries)
                return 0
            } catch {
                guard case .phase = error else { throw error }
                let admitted = writer.admitted(entries)
                _ = try writer.append(admitted)
                return entries.count - admitted.count
            }
        } catch {
            throw .log(error)
        }
    }

    private func render(_ batches: [AuditBatch]) throws(SQLiteError) -> [LogEntry] {
        var entries: [LogEntry] = []
        entries.reserveCapacity(batches.reduce(0) { $0 + $1.events.count })
        for batch in batches {
            for event in batch.events {
                let marks = try marks(of: event, in: batch)
                let bytes = renderer.write(event, names: batch.names, marks: marks)
                entries.append(LogEntry(Array(bytes), PhaseFacts(event)))
            }
        }
        return entries
    }

    private func marks(of event: RequestEvent, in batch: AuditBatch) throws(SQLiteError) -> EventMarks {
        var marks = EventMarks()
        guard event.promptDigest != nil || event.client != nil || !event.subject.isEmpty else { return marks }
        let tenant = event.key < 0 ? "" : batch.names.keys[Int(event.key)].tenant
        let isNamed = !event.subject.isEmpty
        let person: SubjectKeys.Person =
            isNamed
            ? .named(tenant: tenant, batch.text[event.subject])
            : .anybody(tenant: tenant, day: event.unixMilliseconds / 86_400_000)
        let subject = try keys.subject(person)
        if isNamed { marks.subject = subject.handle }
        marks.promptMAC = event.promptDigest.map { $0.withBytes { KeyedDigest.of($0, key: subject.key) } }
        if let client = event.client {
            let address = withUnsafeBytes(of: (client.high.bigEndian, client.low.bigEndian)) {
                KeyedDigest.of($0, key: subject.key)
            }
            marks.client = Array(address.hexadecimal.utf8.prefix(16))
        }
        return marks
    }
}
