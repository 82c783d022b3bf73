// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Gateway

struct BodyReferencesTests {
    private func are(_ body: String) -> Bool { Array(body.utf8).withUnsafeBytes { BodyReferences.are(in: $0) } }

    @Test(
        arguments: [
            #"{"type":"image_url"}"#, #"{"type":"image"}"#, #"{"type":"input_file"}"#, #"{"file_id":"f"}"#,
            #"{"fileData":{}}"#, #"{"type":"audio"}"#, #"{"video":1}"#, #"{"type":"document"}"#,
            #"{"conversation":"c"}"#, #"{"type":"item_reference"}"#, #"{"prompt":{"id":"p"}}"#, #"{"source":{}}"#,
        ])
    func `what names something elsewhere is seen`(body: String) {
        #expect(are(body))
    }

    @Test(
        arguments: [
            "", "\"", "{}", #"{"messages":[{"role":"user","content":"An image of a file, a document, a source."}]}"#,
            #"{"content":"im"#, #"{"prompt_cache_key":"k"}"#, #"{"vi"#,
        ])
    func `plain text is not`(body: String) {
        #expect(!are(body))
    }
}
