using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Reads and writes the safetensors format: an 8-byte little-endian header length, a JSON header, then the tensors' bytes. Files written
/// here carry the SHA-256 of their data in the metadata, and a file that carries one is checked against it. Writing is atomic: a reader
/// sees the old file or the whole new one.
/// </summary>
public static class Safetensors
{
    private const string HashKey = "sha256";
    private const long HeaderLimit = 100_000_000;

    private static readonly ImmutableArray<(string Name, ScalarType Type, int Size)> Types =
    [
        ("F32", ScalarType.Float32, 4), ("BF16", ScalarType.BFloat16, 2), ("F16", ScalarType.Float16, 2), ("F64", ScalarType.Float64, 8),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>Writes tensors and metadata to a file, replacing it as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Names and tensors, on any device.</param>
    /// <param name="metadata">Further texts for the header.</param>
    /// <exception cref="IOException">The file cannot be written; what stood there before is untouched.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        using var scope = NewDisposeScope();
        var items = tensors.Select(t => (t.Name, Value: t.Value.detach().cpu().contiguous())).ToArray();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var header = new JsonObject();
        long offset = 0;
        foreach (var (name, value) in items)
        {
            var bytes = value.bytes;
            hash.AppendData(bytes);
            header[name] = new JsonObject
            {
                ["dtype"] = NameOf(value.dtype, name),
                ["shape"] = new JsonArray([.. value.shape.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(offset, offset + bytes.Length),
            };
            offset += bytes.Length;
        }
        var notes = new JsonObject { [HashKey] = Convert.ToHexStringLower(hash.GetHashAndReset()) };
        foreach (var (key, text) in metadata ?? ImmutableDictionary<string, string>.Empty)
            notes[key] = text;
        header["__metadata__"] = notes;
        WriteAtomically(path, header.ToJsonString(), items);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="wanted">Which tensors to read; null for all.</param>
    /// <returns>The tensors by name, in main memory, owned by the caller, and the metadata.</returns>
    /// <exception cref="InvalidDataException">The file is no safetensors file, is cut short, or does not match its hash.</exception>
    public static (Dictionary<string, Tensor> Tensors, Dictionary<string, string> Metadata) Read(string path, Predicate<string>? wanted = null)
    {
        using var file = File.OpenRead(path);
        var (header, dataStart) = ReadHeader(file, path);
        var metadata = header["__metadata__"]?.AsObject().ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "") ?? [];
        if (metadata.TryGetValue(HashKey, out var expected))
            CheckHash(file, dataStart, expected, path);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, entry) in header)
            {
                if (name != "__metadata__" && wanted?.Invoke(name) != false)
                    tensors.Add(name, ReadTensor(file, dataStart, name, entry!.AsObject(), path));
            }
        }
        catch (Exception e) when (e is InvalidOperationException or NullReferenceException or FormatException or OverflowException or ArgumentOutOfRangeException or InvalidDataException)
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            throw e as InvalidDataException ?? new InvalidDataException($"{path}: the header is malformed ({e.Message})", e);
        }
        return (tensors, metadata);
    }

    /// <summary>The metadata alone, without reading tensors.</summary>
    /// <exception cref="InvalidDataException">The file is no safetensors file.</exception>
    public static Dictionary<string, string> ReadMetadata(string path)
    {
        using var file = File.OpenRead(path);
        return ReadHeader(file, path).Header["__metadata__"]?.AsObject().ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "") ?? [];
    }

    private static void WriteAtomically(string path, string header, (string Name, Tensor Value)[] items)
    {
        var json = Encoding.UTF8.GetBytes(header);
        // Data starts at a multiple of 8, as the format asks; spaces are allowed at the header's end.
        var padded = (json.Length + 7) / 8 * 8;
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, padded);
                file.Write(length);
                file.Write(json);
                for (var i = json.Length; i < padded; i++)
                    file.WriteByte((byte)' ');
                foreach (var (_, value) in items)
                    file.Write(value.bytes);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static (JsonObject Header, long DataStart) ReadHeader(FileStream file, string path)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (file.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
            throw new InvalidDataException($"{path}: not a safetensors file (shorter than 8 bytes)");
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length < 2 || length > HeaderLimit || length > file.Length - 8)
            throw new InvalidDataException($"{path}: not a safetensors file, or cut short (header length {length}, file {file.Length} bytes)");
        var json = new byte[length];
        file.ReadExactly(json);
        try
        {
            return (JsonNode.Parse(json)!.AsObject(), 8 + length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: the safetensors header is not a JSON object", e);
        }
    }

    private static Tensor ReadTensor(FileStream file, long dataStart, string name, JsonObject entry, string path)
    {
        var typeName = entry["dtype"]!.GetValue<string>();
        var type = Types.FirstOrDefault(t => t.Name == typeName);
        if (type.Name is null)
            throw new InvalidDataException($"{path}: tensor '{name}' has the unknown type '{typeName}'");
        var shape = entry["shape"]!.AsArray().Select(d => d!.GetValue<long>()).ToArray();
        var (start, end) = (entry["data_offsets"]![0]!.GetValue<long>(), entry["data_offsets"]![1]!.GetValue<long>());
        var size = type.Size;
        foreach (var d in shape)
            size = checked(size * (d >= 0 ? (int)d : throw new InvalidDataException($"{path}: tensor '{name}' has a negative size")));
        if (start < 0 || end - start != size)
            throw new InvalidDataException($"{path}: tensor '{name}' of shape [{string.Join(", ", shape)}] needs {size} bytes, the header gives {end - start}");
        if (dataStart + end > file.Length)
            throw new InvalidDataException($"{path}: cut short: tensor '{name}' ends at byte {dataStart + end}, the file at {file.Length}");
        var tensor = empty(shape, dtype: type.Type);
        file.Position = dataStart + start;
        file.ReadExactly(tensor.bytes);
        return tensor;
    }

    private static void CheckHash(FileStream file, long dataStart, string expected, string path)
    {
        file.Position = dataStart;
        if (Convert.ToHexStringLower(SHA256.HashData(file)) != expected)
            throw new InvalidDataException($"{path}: the data does not match its SHA-256; the file is damaged or cut short");
    }

    private static string NameOf(ScalarType type, string tensor)
    {
        foreach (var known in Types)
        {
            if (known.Type == type)
                return known.Name;
        }
        throw new ArgumentException($"tensor '{tensor}' has the type {type}, which safetensors does not hold");
    }
}
