// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Gemini's generateContent and streamGenerateContent with `alt=sse`. Google writes whole answers on many lines, spaces
/// behind colons, and line ends of two bytes in streams; usage so far comes with every chunk, and nothing marks the end.
struct GenerateContentAnswers {
    let model: String

    private static let fields =
        "Vary: Origin, X-Origin, Referer\r\nServer: scaffolding on HTTPServer2\r\nX-Content-Type-Options: nosniff\r\n"
        + "Server-Timing: gfet4t7; dur=181\r\n"

    var all: WireAnswers {
        WireAnswers(
            whole: .answer(json: whole, fields: Self.fields),
            opening: .streamHead(type: "text/event-stream", fields: Self.fields),
            text: chunk(text: AnswerText.piece),
            closing: chunk(text: "", finish: #","finishReason": "STOP""#))
    }

    private var whole: String {
        """
        {
          "candidates": [
            {
              "content": {
                "parts": [
                  {
                    "text": "\(AnswerText.whole)"
                  }
                ],
                "role": "model"
              },
              "finishReason": "STOP",
              "index": 0
            }
          ],
          "usageMetadata": {
            "promptTokenCount": 214,
            "candidatesTokenCount": 118,
            "totalTokenCount": 332,
            "cachedContentTokenCount": 128
          },
          "modelVersion": "\(model)",
          "responseId": "bench-NNNNNNNNNNNNNNNN"
        }

        """
    }

    private func chunk(text: String, finish: String = "") -> Draft {
        .chunk(
            #"data: {"candidates": [{"content": {"parts": [{"text": "\#(text)"}],"role": "model"}\#(finish),"index": 0}],"#
                + #""usageMetadata": {"promptTokenCount": 214,"candidatesTokenCount": 118,"totalTokenCount": 332,"#
                + #""cachedContentTokenCount": 128},"modelVersion": "\#(model)","responseId": "bench-NNNNNNNNNNNNNNNN"}"#
                + "\r\n\r\n")
    }
}
