// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// The single values of cloud identities. They end up in signatures, forms and headers: what cannot stand there is
// refused here, where it can be pointed at.

extension Shape where Value == String {
    static var awsRegion: Shape { word("an AWS region such as eu-central-1", length: 1...32, besides: "-") }
    static var awsService: Shape { word("an AWS service to sign for such as bedrock", length: 1...64, besides: "-") }

    static var roleARN: Shape {
        text("the ARN of a role such as arn:aws:iam::123456789012:role/gateway") { text in
            let isARN = text.hasPrefix("arn:") && (20...2048).contains(text.utf8.count) && isVisible(text)
            return isARN ? .value(text) : .refused()
        }
    }

    static var externalID: Shape {
        word("2 to 1224 letters, digits or _+=,.@:/-", length: 2...1224, besides: "_+=,.@:/-")
    }

    static var profileName: Shape {
        text("the name of a profile") { text in
            (1...256).contains(text.utf8.count) && isVisible(text) ? .value(text) : .refused()
        }
    }

    /// A tenant or an application: its id, or the tenant's domain.
    static var entraName: Shape {
        word("the id (8-4-4-4-12 hexadecimal digits) or domain as Entra shows it", length: 1...253, besides: ".-")
    }

    static var scope: Shape {
        text("a scope without spaces such as https://cognitiveservices.azure.com/.default") { text in
            (1...1024).contains(text.utf8.count) && isVisible(text) ? .value(text) : .refused()
        }
    }

    static var projectName: Shape {
        word("a project id of lower-case letters, digits and -.:", length: 1...128, besides: "-.:")
    }

    /// Address of a service that is told secrets.
    static var tokenServiceURL: Shape {
        endpointURL.checked { text, cursor in
            guard let url = try? EndpointURL(text), !url.isTLS, !PlainHosts.contains(url.host) else { return true }
            cursor.report(
                "http:// would send secrets to \(url.host) unencrypted; allowed: https://",
                hint: "http:// is for this machine and link-local metadata services only")
            return false
        }
    }

    private static func word(_ allowed: String, length: ClosedRange<Int>, besides signs: String) -> Shape {
        text(allowed) { text in
            let isWord = text.utf8.allSatisfy { byte in
                ScalarText.isDigit(byte) || byte | 0x20 >= 97 && byte | 0x20 <= 122 || signs.utf8.contains(byte)
            }
            return isWord && length.contains(text.utf8.count) ? .value(text) : .refused()
        }
    }

    private static func isVisible(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}
