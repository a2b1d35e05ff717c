using System.Buffers.Binary;
using System.Text;

namespace Assay.Training;

/// <summary>Makes one symbol-version requirement of a 64-bit little-endian ELF library weak, so that the loader accepts its absence.</summary>
public static class ElfVersionPatch
{
    private const uint SectionVersionNeed = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort FlagWeak = 2; // VER_FLG_WEAK

    /// <summary>Returns a copy of the library in which every requirement of the version carries the flag VER_FLG_WEAK.</summary>
    /// <param name="library">The bytes of the library.</param>
    /// <param name="version">The version's name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <exception cref="InvalidDataException">The bytes are no 64-bit little-endian ELF file, or it is cut short.</exception>
    public static byte[] Weaken(ReadOnlySpan<byte> library, string version)
    {
        ArgumentException.ThrowIfNullOrEmpty(version);
        if (library.Length < 64 || !library.StartsWith("\u007fELF"u8) || library[4] != 2 || library[5] != 1)
            throw new InvalidDataException("not a 64-bit little-endian ELF library");
        var patched = library.ToArray();
        try
        {
            foreach (var offset in Requirements(library, version))
            {
                var flags = BinaryPrimitives.ReadUInt16LittleEndian(library[(offset + 4)..]);
                BinaryPrimitives.WriteUInt16LittleEndian(patched.AsSpan(offset + 4), (ushort)(flags | FlagWeak));
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new InvalidDataException("the ELF library is cut short");
        }
        return patched;
    }

    /// <summary>The file offsets of the Vernaux entries that name the version.</summary>
    internal static List<int> Requirements(ReadOnlySpan<byte> library, string version)
    {
        var found = new List<int>();
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(library[0x28..]);
        var size = BinaryPrimitives.ReadUInt16LittleEndian(library[0x3a..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(library[0x3c..]);
        for (var s = 0; s < count; s++)
        {
            var header = library[(sections + s * size)..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != SectionVersionNeed)
                continue;
            var link = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x28..]);
            var names = (int)BinaryPrimitives.ReadUInt64LittleEndian(library[(sections + link * size + 0x18)..]);
            Walk(library, (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]), names, version, found);
        }
        return found;
    }

    // Verneed: version, count, file, aux, next. Vernaux: hash (4), flags (2), other (2), name (4), next (4).
    private static void Walk(ReadOnlySpan<byte> library, int need, int names, string version, List<int> found)
    {
        while (true)
        {
            var aux = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(need + 8)..]);
            for (var left = BinaryPrimitives.ReadUInt16LittleEndian(library[(need + 2)..]); left > 0; left--)
            {
                var name = library[(names + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(aux + 8)..]))..];
                if (Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) == version)
                    found.Add(aux);
                aux += (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(aux + 12)..]);
            }
            var next = (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(need + 12)..]);
            if (next == 0)
                return;
            need += next;
        }
    }
}
