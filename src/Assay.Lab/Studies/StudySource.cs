using System.Security.Cryptography;

namespace Assay.Lab;

/// <summary>
/// The source file of a study, embedded into its assembly at build time as <c>source/…/TypeName.cs</c>, so that a result can be compared
/// with the code that would produce it today.
/// </summary>
public static class StudySource
{
    /// <summary>The SHA-256 of the source file as lower-case hexadecimal. Line ends count as LF, whatever the checkout wrote.</summary>
    /// <exception cref="InvalidOperationException">No file named after the type is embedded.</exception>
    public static string HashOf(Type study)
    {
        ArgumentNullException.ThrowIfNull(study);
        var file = $"/{study.Name}.cs";
        var assembly = study.Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.StartsWith("source/", StringComparison.Ordinal) && n.Replace('\\', '/').EndsWith(file, StringComparison.Ordinal)).ToArray();
        if (names.Length != 1)
            throw new InvalidOperationException($"study {study.FullName}: {names.Length} source files named {study.Name}.cs are embedded in {assembly.GetName().Name}, one was expected");
        using var stream = assembly.GetManifestResourceStream(names[0])!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Convert.ToHexStringLower(SHA256.HashData(Array.FindAll(bytes, b => b != (byte)'\r')));
    }
}
