using System.Text;
using System.Xml.Linq;

namespace Assay.Data;

/// <summary>Turns the XML documentation of a member into plain prose.</summary>
internal static class DocumentationProse
{
    /// <summary>
    /// Summary and remarks as paragraphs, then one line for each parameter, the result and each exception. References become the last part
    /// of their name; code samples are left out.
    /// </summary>
    public static string Of(XElement member)
    {
        var lines = new List<string>();
        foreach (var section in new[] { "summary", "remarks" })
        {
            foreach (var element in member.Elements(section))
                lines.AddRange(Paragraphs(element));
        }
        foreach (var element in member.Elements())
        {
            var label = element.Name.LocalName switch
            {
                "param" or "typeparam" => element.Attribute("name")?.Value,
                "returns" => "Returns",
                "value" => "Value",
                "exception" => $"Throws {NameOf(element.Attribute("cref")?.Value ?? "")}",
                _ => null,
            };
            if (label is not null && string.Join(' ', Paragraphs(element)) is { Length: > 0 } text)
                lines.Add($"{label}: {text}");
        }
        return string.Join('\n', lines);
    }

    private static IEnumerable<string> Paragraphs(XElement element)
    {
        var text = new StringBuilder();
        Append(element, text);
        return text.ToString().Split("\n\n").Select(Collapse).Where(p => p.Length > 0 && p is not ("To be added." or "To be added"));
    }

    private static void Append(XElement element, StringBuilder text)
    {
        foreach (var node in element.Nodes())
        {
            if (node is XText words)
                text.Append(words.Value.ReplaceLineEndings("\n"));
            else if (node is XElement child)
                AppendElement(child, text);
        }
    }

    private static void AppendElement(XElement child, StringBuilder text)
    {
        var reference = child.Attribute("cref") ?? child.Attribute("langword") ?? child.Attribute("name") ?? child.Attribute("href");
        switch (child.Name.LocalName)
        {
            case "code" or "example" or "inheritdoc" or "include":
                break;
            case "see" or "seealso" or "paramref" or "typeparamref" when child.IsEmpty || child.Value.Length == 0:
                text.Append(reference is null ? "" : reference.Name.LocalName == "cref" ? NameOf(reference.Value) : reference.Value);
                break;
            case "para" or "item" or "list" or "p" or "br" or "ul" or "li" or "table" or "tr":
                text.Append("\n\n");
                Append(child, text);
                text.Append("\n\n");
                break;
            case "term":
                Append(child, text);
                text.Append(": ");
                break;
            default:
                Append(child, text);
                break;
        }
    }

    // T:System.Collections.Generic.List`1 is List, M:System.String.Join(System.Char) is String.Join, M:A.B.#ctor is B.
    private static string NameOf(string cref)
    {
        var kind = cref.Length > 1 && cref[1] == ':' ? cref[0] : 'T';
        var name = cref.Length > 1 && cref[1] == ':' ? cref[2..] : cref;
        var bracket = name.IndexOf('(', StringComparison.Ordinal);
        var parts = (bracket < 0 ? name : name[..bracket]).Split('.').Select(p => p.IndexOf('`', StringComparison.Ordinal) is >= 0 and var at ? p[..at] : p).ToArray();
        if (parts is [.., var type, "#ctor"])
            return type;
        return kind == 'T' || kind == 'N' && parts.Length == 1 || parts.Length == 1 ? parts[^1]
            : kind == 'N' ? string.Join('.', parts)
            : $"{parts[^2]}.{parts[^1]}";
    }

    private static string Collapse(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
