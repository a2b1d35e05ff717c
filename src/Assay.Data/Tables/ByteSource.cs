using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Assay.Data;

/// <summary>A file, or bytes in memory, that several threads read at once by offset. Compressed files are unpacked into memory.</summary>
internal sealed class ByteSource : IDisposable
{
    private readonly SafeFileHandle? file;
    private readonly ReadOnlyMemory<byte> memory;

    private ByteSource(string name, SafeFileHandle file)
    {
        Name = name;
        this.file = file;
        Length = RandomAccess.GetLength(file);
    }

    public ByteSource(string name, ReadOnlyMemory<byte> memory)
    {
        Name = name;
        this.memory = memory;
        Length = memory.Length;
    }

    /// <summary>The name for messages.</summary>
    public string Name { get; }

    public long Length { get; }

    public static ByteSource Open(string path)
    {
        if (Directory.Exists(path))
            throw new InvalidDataException($"{path}: a folder, a file was expected");
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        var source = new ByteSource(path, handle);
        Span<byte> head = stackalloc byte[2];
        if (source.Read(0, head) < 2 || head[0] != 0x1F || head[1] != 0x8B)
            return source;
        using (source)
            return Unpack(path, source);
    }

    /// <summary>The bytes of a stream, unpacked if they are gzip.</summary>
    public static ByteSource Of(string name, Stream stream)
    {
        var bytes = ReadAll(name, stream);
        var source = new ByteSource(name, bytes);
        return bytes is [0x1F, 0x8B, ..] ? Unpack(name, source) : source;
    }

    /// <summary>Fills the buffer from an offset; fewer bytes only at the end.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        if (file is null)
        {
            var start = (int)Math.Min(offset, memory.Length);
            var count = Math.Min(buffer.Length, memory.Length - start);
            memory.Span.Slice(start, count).CopyTo(buffer);
            return count;
        }
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(file, buffer[total..], offset + total);
            if (read == 0)
                break;
            total += read;
        }
        return total;
    }

    /// <summary>A stream of the bytes.</summary>
    /// <param name="offset">Where it starts.</param>
    /// <param name="throwAtEnd">Whether reading on at the end throws <see cref="EndOfStreamException"/> instead of giving nothing.</param>
    public Stream OpenStream(long offset = 0, bool throwAtEnd = false) => new SourceStream(this, throwAtEnd) { Position = offset };

    public void Dispose() => file?.Dispose();

    private static ByteSource Unpack(string name, ByteSource packed)
    {
        // The last four bytes hold the unpacked size, if there is but one member.
        Span<byte> end = stackalloc byte[4];
        _ = packed.Read(Math.Max(0, packed.Length - 4), end);
        var claimed = BinaryPrimitives.ReadUInt32LittleEndian(end);
        byte[] bytes;
        try
        {
            using var gzip = new GZipStream(packed.OpenStream(), CompressionMode.Decompress);
            bytes = ReadAll(name, gzip, claimed <= 1100 * packed.Length ? claimed : 0);
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(name, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{name}: the gzip stream is damaged: {e.Message}", e);
        }
        // GZipStream says nothing when the end is missing.
        if (claimed != (uint)bytes.Length && !HasMembers(packed))
            throw new InvalidDataException($"{name}: the gzip stream is truncated or damaged: it unpacks to {bytes.Length} bytes and claims {claimed}");
        return new ByteSource(name, bytes);
    }

    private static bool HasMembers(ByteSource packed)
    {
        var bytes = ReadAll(packed.Name, packed.OpenStream(1));
        return bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x1F, 0x8B, 8, 0]) >= 0 || bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x1F, 0x8B, 8, 8]) >= 0;
    }

    private static byte[] ReadAll(string name, Stream stream, long expected = 0)
    {
        var bytes = new byte[Math.Clamp(expected, 4096, 1 << 28)];
        var length = 0;
        while (true)
        {
            var read = stream.Read(bytes, length, bytes.Length - length);
            length += read;
            if (length == bytes.Length)
            {
                // As often as not the expected length is right; then nothing is copied.
                if (stream.ReadByte() is var next && next < 0)
                    return bytes;
                Array.Resize(ref bytes, length < 1_000_000_000 ? length * 2 : throw new InvalidDataException($"{name}: more than 1 GB when unpacked; unpack the file first"));
                bytes[length++] = (byte)next;
            }
            else if (read == 0)
                return bytes[..length];
        }
    }

    private sealed class SourceStream(ByteSource source, bool throwAtEnd) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => source.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = Position < 0 ? throw new InvalidDataException($"{source.Name}: an offset in the file is negative") : source.Read(Position, buffer);
            if (read == 0 && throwAtEnd && buffer.Length > 0)
                throw new EndOfStreamException("the file ends too early");
            Position += read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
