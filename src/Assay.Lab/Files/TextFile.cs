using System.Text;
using Assay.Data;

namespace Assay.Lab;

/// <summary>Text files that are there whole or not at all (<see cref="AtomicFile"/>).</summary>
public static class TextFile
{
    /// <summary>Writes a text as UTF-8 without a byte order mark, in place of what stood there.</summary>
    /// <exception cref="IOException">The file cannot be written; what stood there before is untouched.</exception>
    public static void Write(string path, string text) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
