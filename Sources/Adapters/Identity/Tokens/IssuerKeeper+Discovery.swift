// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes
internal import WireFormats

// What an issuer's answers mean.
extension IssuerKeeper {
    /// Why there are no keys, to follow the issuer's name.
    struct Fault: Error, CustomStringConvertible { var description: String }

    /// Whoever can change keys on their way can be anybody, so they come by TLS unless no network lies between.
    static func url(_ text: String, _ what: String) throws(Fault) -> HTTPURL {
        let url: HTTPURL
        do throws(HTTPURL.Fault) {
            url = try HTTPURL(text)
        } catch {
            throw Fault(description: "\(what) is no usable address: \(error)")
        }
        guard url.isTLS || PlainHosts.contains(url.host) else {
            throw Fault(description: "\(what) is not https://, and \(url.host) is not this machine")
        }
        return url
    }

    /// Where the keys are.
    /// - Parameter body: the discovery document.
    static func keysAddress(
        _ body: [UInt8], of issuer: String, at url: HTTPURL
    ) throws(Fault) -> HTTPURL {
        guard let document = try? JSONValue(parsing: body) else {
            throw Fault(description: "its discovery document is no JSON")
        }
        // Else one issuer could answer for another (OpenID Connect Discovery 1.0 §4.3).
        guard document["issuer"]?.stringValue == issuer else {
            throw Fault(description: "its discovery document is another issuer's")
        }
        guard let text = document["jwks_uri"]?.stringValue else {
            throw Fault(description: "its discovery document has no jwks_uri")
        }
        let place = try Self.url(text, "its jwks_uri")
        // An issuer out there must not send us to a service of this machine.
        guard place.isTLS || !url.isTLS else {
            throw Fault(description: "its jwks_uri is not https://")
        }
        return place
    }

    /// Seconds of `max-age` in `Cache-Control`.
    static func maximumAge(_ field: String) -> Int64? {
        for part in field.lowercased().split(separator: ",") {
            let part = part.drop { $0 == " " }
            if part == "no-store" || part == "no-cache" { return 0 }
            if part.hasPrefix("max-age=") { return Int64(part.dropFirst(8)) }
        }
        return nil
    }
}
