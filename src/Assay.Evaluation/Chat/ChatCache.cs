using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>
/// The answers of chat models in a file, one JSON line each, that grows with every answer: a run that is killed and started again asks only for the rest.
/// One process at a time holds the file. A torn last line is dropped.
/// </summary>
public sealed class ChatCache : IDisposable
{
    private readonly Dictionary<string, ChatResponse> answers = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly StreamWriter writer;

    private static readonly JsonSerializerOptions Options = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private ChatCache(string path, FileStream file)
    {
        Path = path;
        var end = Read(file);
        file.SetLength(end);
        file.Seek(0, SeekOrigin.End);
        writer = new StreamWriter(file) { AutoFlush = true, NewLine = "\n" };
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The number of answers.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return answers.Count;
        }
    }

    /// <summary>Opens a cache; the file need not exist yet.</summary>
    /// <exception cref="InvalidDataException">A line but the last is no answer; the message names file and line.</exception>
    /// <exception cref="IOException">Another process holds the file, or it cannot be written.</exception>
    public static ChatCache Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder)
            Directory.CreateDirectory(folder);
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); // Unix locks for None alone
        try
        {
            return new ChatCache(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    internal ChatResponse? Find(string key)
    {
        lock (gate)
            return answers.GetValueOrDefault(key);
    }

    internal void Add(string key, ChatResponse response)
    {
        var line = JsonSerializer.Serialize(new Entry(key, response), Options);
        lock (gate)
        {
            if (answers.TryAdd(key, response))
                writer.WriteLine(line);
        }
    }

    // Returns where the last whole line ends.
    private long Read(FileStream file)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var (start, line) = (0, 1);
        for (int length; (length = bytes.AsSpan(start).IndexOf((byte)'\n')) >= 0; start += length + 1, line++)
        {
            if (length == 0)
                continue;
            try
            {
                var entry = JsonSerializer.Deserialize<Entry>(bytes.AsSpan(start, length), Options);
                if (entry is not { Key.Length: > 0, Response: not null })
                    throw new JsonException();
                answers[entry.Key] = entry.Response;
            }
            catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
            {
                throw new InvalidDataException($"{Path}({line}): no answer of a chat model; an object with 'key' and 'response' was expected", e);
            }
        }
        return start;
    }

    private sealed record Entry(string Key, ChatResponse Response);
}
