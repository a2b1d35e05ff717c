using System.Text;

namespace Assay.Lab;

/// <summary>Files that are there whole or not at all: written under a temporary name in the same folder, flushed and renamed.</summary>
public static class AtomicFile
{
    /// <summary>The ending of a file that is still being written.</summary>
    public const string TemporaryEnding = ".tmp";

    /// <summary>Writes a text as UTF-8 without a byte order mark.</summary>
    public static void WriteAllText(string path, string text) => Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        writer.Write(text);
    });

    /// <summary>Writes a file through a stream. If the writer throws, the file stays as it was.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var temporary = $"{path}.{Environment.ProcessId}-{Guid.NewGuid():N}{TemporaryEnding}";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
