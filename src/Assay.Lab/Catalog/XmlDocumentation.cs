using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Assay.Lab;

/// <summary>
/// The XML documentation that the compiler writes beside an assembly, as plain text. An assembly without the file has no documentation:
/// every answer is then empty.
/// </summary>
public sealed class XmlDocumentation
{
    private static readonly ConcurrentDictionary<Assembly, XmlDocumentation> Loaded = new();

    private readonly Dictionary<string, XElement> members;

    private XmlDocumentation(Dictionary<string, XElement> members) => this.members = members;

    /// <summary>The documentation of the assembly that holds a type; read once.</summary>
    public static XmlDocumentation Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Loaded.GetOrAdd(type.Assembly, static a => Load(Path.ChangeExtension(a.Location, ".xml")));
    }

    /// <summary>Reads a documentation file. A file that is absent or damaged gives documentation without members.</summary>
    public static XmlDocumentation Load(string path)
    {
        try
        {
            var members = XDocument.Load(path, LoadOptions.PreserveWhitespace).Descendants("member");
            return new(members.DistinctBy(m => (string?)m.Attribute("name")).ToDictionary(m => (string?)m.Attribute("name") ?? "", StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or XmlException or ArgumentException or UnauthorizedAccessException)
        {
            return new([]);
        }
    }

    /// <summary>The summary of a type, or an empty text.</summary>
    public string Summary(Type type) => Text(Find(TypeId(type))?.Element("summary"));

    /// <summary>The remarks of a type, or an empty text.</summary>
    public string Remarks(Type type) => Text(Find(TypeId(type))?.Element("remarks"));

    /// <summary>The summary of a method (the first overload that has one), or an empty text.</summary>
    public string Summary(MethodInfo method)
    {
        ArgumentNullException.ThrowIfNull(method);
        var prefix = $"M:{method.DeclaringType!.FullName!.Replace('+', '.')}.{method.Name}";
        return members.Where(m => m.Key.StartsWith(prefix, StringComparison.Ordinal) && (m.Key.Length == prefix.Length || m.Key[prefix.Length] is '(' or '`'))
            .Select(m => Text(m.Value.Element("summary"))).FirstOrDefault(t => t.Length > 0) ?? "";
    }

    /// <summary>What a recipe's parameter means: the constructor's parameter, or the property of the options that it sets.</summary>
    public string Parameter(Type type, string name)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (ParameterOf(TypeId(type), name) is { Length: > 0 } onType)
            return onType; // a primary constructor's parameters are documented on the type
        var constructors = $"M:{type.FullName!.Replace('+', '.')}.#ctor(";
        var documented = members.Keys.Where(k => k.StartsWith(constructors, StringComparison.Ordinal)).OrderByDescending(k => k.Length);
        if (documented.Select(k => ParameterOf(k, name)).FirstOrDefault(t => t.Length > 0) is { } onConstructor)
            return onConstructor;
        var options = type.GetConstructors().SelectMany(c => c.GetParameters()).Select(p => p.ParameterType).FirstOrDefault(t => t.Name.EndsWith("Options", StringComparison.Ordinal));
        return options is null ? "" : PropertySummary(options, char.ToUpperInvariant(name[0]) + name[1..]);
    }

    private static string PropertySummary(Type owner, string property)
    {
        for (var type = owner; type is not null && type != typeof(object); type = type.BaseType)
        {
            var text = Text(Of(type).Find($"P:{type.FullName!.Replace('+', '.')}.{property}")?.Element("summary"));
            if (text.Length > 0)
                return text;
        }
        return Of(owner).ParameterOf(TypeId(owner), property);
    }

    private static string TypeId(Type type) => $"T:{type.FullName!.Replace('+', '.')}";

    private XElement? Find(string id) => members.GetValueOrDefault(id);

    private string ParameterOf(string id, string name) =>
        Text(Find(id)?.Elements("param").FirstOrDefault(p => (string?)p.Attribute("name") == name));

    private static string Text(XElement? element)
    {
        if (element is null)
            return "";
        var text = new StringBuilder();
        Append(text, element);
        return text.ToString().Trim();
    }

    private static void Append(StringBuilder text, XElement element)
    {
        foreach (var node in element.Nodes())
        {
            if (node is XText raw)
                AppendCollapsed(text, raw.Value);
            else if (node is XElement child)
                AppendElement(text, child);
        }
    }

    private static void AppendElement(StringBuilder text, XElement child)
    {
        switch (child.Name.LocalName)
        {
            case "see" or "seealso" or "paramref" or "typeparamref":
                text.Append(child.Value is { Length: > 0 } shown ? shown : Reference(child));
                break;
            case "para" or "item":
                Break(text);
                Append(text, child);
                Break(text);
                break;
            case "code":
                Break(text);
                text.Append(child.Value.Trim());
                Break(text);
                break;
            default:
                Append(text, child);
                break;
        }
    }

    private static string Reference(XElement element)
    {
        var target = (string?)element.Attribute("name") ?? (string?)element.Attribute("langword") ?? (string?)element.Attribute("href") ?? "";
        if ((string?)element.Attribute("cref") is { } cref)
        {
            var name = cref.Split('(')[0].Replace(".#ctor", "", StringComparison.Ordinal);
            target = name[(name.LastIndexOfAny(['.', ':']) + 1)..].Split('`')[0];
        }
        return target;
    }

    private static void AppendCollapsed(StringBuilder text, string raw)
    {
        foreach (var c in raw)
        {
            if (!char.IsWhiteSpace(c))
                text.Append(c);
            else if (text.Length > 0 && !char.IsWhiteSpace(text[^1]))
                text.Append(' ');
        }
    }

    private static void Break(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ')
            text.Length--;
        if (text.Length > 0 && text[^1] != '\n')
            text.Append('\n');
    }
}
