using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Xml;
using System.Xml.Linq;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// The corpus <c>dotnet-docs</c>: the English prose of the XML documentation that every .NET SDK installs, one document for each documented
/// member, the assembly as its domain. The order is that of assemblies by name and of members in the file; of equal documents only the
/// first stays. It needs no download, but its content depends on the SDK's version, which <see cref="Load"/> puts into the name.
/// </summary>
public static class DotNetDocs
{
    /// <summary>The name in catalogs and commands.</summary>
    public const string Name = "dotnet-docs";

    private const int MinLength = 24;

    /// <summary>Reads the corpus.</summary>
    /// <param name="root">The SDK's root, or null for <c>DOTNET_ROOT</c>, the running runtime's or that on the <c>PATH</c>.</param>
    /// <exception cref="FileNotFoundException">No SDK with documentation is found.</exception>
    /// <exception cref="InvalidDataException">A documentation file is not well-formed XML.</exception>
    public static TextCorpus Load(string? root = null)
    {
        var (files, version) = Files(root);
        var members = new List<(string Id, string Text)>[files.Length];
        try
        {
            Parallel.For(0, files.Length, i => members[i] = Members(files[i]));
        }
        catch (AggregateException e)
        {
            throw e.InnerExceptions.OfType<InvalidDataException>().FirstOrDefault() ?? e.InnerExceptions[0];
        }
        var ids = ImmutableArray.CreateBuilder<string>();
        var texts = ImmutableArray.CreateBuilder<string>();
        var domains = new List<string>();
        var seenTexts = new HashSet<string>(StringComparer.Ordinal);
        var seenIds = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < files.Length; i++)
        {
            var assembly = Path.GetFileNameWithoutExtension(files[i]);
            foreach (var (id, text) in members[i])
            {
                if (!seenTexts.Add(text) || !seenIds.Add(id))
                    continue;
                ids.Add(id);
                texts.Add(text);
                domains.Add(assembly);
            }
        }
        return texts.Count == 0
            ? throw new InvalidDataException($"{Path.GetDirectoryName(files[0])}: the documentation holds no prose")
            : new TextCorpus($"{Name} {version}", ids.ToImmutable(), texts.ToImmutable(), CategoryColumn.FromTexts(domains));
    }

    /// <summary>The version of the documentation on this machine, or null where there is none. Reads no file.</summary>
    public static string? InstalledVersion()
    {
        try
        {
            return Files(null).Version;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    // The newest version of each reference pack; an assembly that several packs document counts once.
    private static (string[] Files, string Version) Files(string? root)
    {
        foreach (var candidate in root is not null ? [root] : Roots())
        {
            var packs = Path.Combine(candidate, "packs");
            if (!Directory.Exists(packs))
                continue;
            var versions = Directory.GetDirectories(packs, "*.Ref")
                .Select(p => Directory.GetDirectories(p).MaxBy(v => Version.TryParse(Path.GetFileName(v).Split('-')[0], out var n) ? n : new Version()))
                .OfType<string>().OrderByDescending(v => v.Contains("Microsoft.NETCore.App.Ref", StringComparison.Ordinal)).ThenBy(v => v, StringComparer.Ordinal).ToArray();
            var files = versions.SelectMany(v => Directory.Exists(Path.Combine(v, "ref")) ? Directory.GetFiles(Path.Combine(v, "ref"), "*.xml", SearchOption.AllDirectories) : [])
                .GroupBy(Path.GetFileName, StringComparer.Ordinal).Select(g => g.First()).OrderBy(Path.GetFileName, StringComparer.Ordinal).ToArray();
            if (files.Length > 0)
                return (files, Path.GetFileName(versions[0]));
        }
        throw new FileNotFoundException($"{Name} needs the XML documentation of a .NET SDK (folder packs/Microsoft.NETCore.App.Ref): install the SDK or set DOTNET_ROOT to it");
    }

    private static IEnumerable<string> Roots()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } chosen)
            yield return chosen;
        // <root>/shared/Microsoft.NETCore.App/<version>/
        yield return Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var file = new FileInfo(Path.Combine(folder, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
            if (file.Exists)
                yield return Path.GetDirectoryName((file.ResolveLinkTarget(returnFinalTarget: true) ?? file).FullName)!;
        }
    }

    private static List<(string Id, string Text)> Members(string file)
    {
        var members = new List<(string, string)>();
        try
        {
            using var reader = XmlReader.Create(file, new XmlReaderSettings { IgnoreComments = true, DtdProcessing = DtdProcessing.Prohibit });
            reader.MoveToContent();
            while (!reader.EOF)
            {
                if (reader.NodeType != XmlNodeType.Element || reader.Name != "member")
                {
                    reader.Read();
                    continue;
                }
                var member = (XElement)XNode.ReadFrom(reader);
                var text = DocumentationProse.Of(member);
                if (text.Length >= MinLength && member.Attribute("name")?.Value is { } id)
                    members.Add((id, text));
            }
        }
        catch (XmlException e)
        {
            throw new InvalidDataException($"{file}: line {e.LineNumber}: {e.Message}", e);
        }
        return members;
    }
}
