using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Assay.Lab;

/// <summary>What a result was computed on and with.</summary>
public static class Machine
{
    private static readonly Lazy<string> Words = new(Describe);
    private static readonly Lazy<ImmutableSortedDictionary<string, string>> Known = new(FindVersions);

    /// <summary>The machine in words: processor, cores, memory, operating system. No host name: results are published.</summary>
    public static string Description => Words.Value;

    /// <summary>The versions of Assay, .NET, TorchSharp and libtorch.</summary>
    public static ImmutableSortedDictionary<string, string> Versions => Known.Value;

    private static string Describe()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Processor()}, {Environment.ProcessorCount} cores, {memory:0} GiB, {RuntimeInformation.OSDescription}");
    }

    private static string Processor()
    {
        try
        {
            if (OperatingSystem.IsLinux() && File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) is { } line)
                return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
        catch (IOException)
        {
            // Some containers hide it.
        }
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static ImmutableSortedDictionary<string, string> FindVersions()
    {
        var own = typeof(Machine).Assembly;
        var versions = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        versions["assay"] = own.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
        versions["dotnet"] = Environment.Version.ToString();
        foreach (var library in own.GetCustomAttributes<AssemblyMetadataAttribute>().Where(a => a.Key.StartsWith("Version:", StringComparison.Ordinal)))
            versions[library.Key["Version:".Length..]] = library.Value ?? "unknown";
        return versions.ToImmutable();
    }
}
