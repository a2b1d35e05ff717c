using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-safetensors").FullName;

    private string File1 => Path.Combine(folder, "a.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Tensors_of_every_type_come_back_as_they_were()
    {
        using var scope = NewDisposeScope();
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64, ScalarType.Int64, ScalarType.Int32, ScalarType.Byte, ScalarType.Bool])
        {
            var value = arange(6).view(2, 3).to(type);
            Safetensors.Write(File1, [("a.b", value), ("scalar", tensor(1.5f))], new Dictionary<string, string> { ["note"] = "x" });
            var (tensors, metadata) = Safetensors.Read(File1);
            Assert.Equal(type, tensors["a.b"].dtype);
            Assert.True(tensors["a.b"].eq(value).all().item<bool>());
            Assert.Equal(1.5f, tensors["scalar"].item<float>());
            Assert.Equal("x", metadata["note"]);
        }
    }

    // The layout of the format's own description, byte by byte.
    [Fact]
    public void A_file_of_another_writer_is_read()
    {
        var header = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"""u8.ToArray();
        var bytes = new byte[8 + header.Length + 8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(8 + header.Length), 3);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(12 + header.Length), -1);
        File.WriteAllBytes(File1, bytes);
        Assert.Equal([3f, -1], Safetensors.Read(File1).Tensors["w"].data<float>().ToArray());
    }

    [Fact]
    public void Damage_of_any_kind_is_an_error_that_names_the_file()
    {
        Safetensors.Write(File1, [("w", arange(100, dtype: float32))]);
        var good = File.ReadAllBytes(File1);
        var flipped = (byte[])good.Clone();
        flipped[^10] ^= 4;
        var lyingHeader = (byte[])good.Clone();
        BinaryPrimitives.WriteInt64LittleEndian(lyingHeader, long.MaxValue);
        var noJson = (byte[])good.Clone();
        noJson[8] = (byte)'[';
        foreach (var bad in (byte[][])[[], [1, 2, 3], good[..^1], good[..20], flipped, lyingHeader, noJson])
        {
            File.WriteAllBytes(File1, bad);
            var error = Assert.Throws<InvalidDataException>(() => Safetensors.Read(File1));
            Assert.Contains("a.safetensors", error.Message, StringComparison.Ordinal);
        }
        foreach (var entry in (string[])[
            """{"w":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}""", """{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""",
            """{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""", """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""",
            """{"w":{"shape":[2]}}""", """{"w":3}""", """{"w":{"dtype":"F32","shape":[99999999,99999999],"data_offsets":[0,8]}}"""])
        {
            var length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, entry.Length);
            File.WriteAllBytes(File1, [.. length, .. Encoding.ASCII.GetBytes(entry), .. new byte[8]]);
            Assert.Throws<InvalidDataException>(() => Safetensors.Read(File1));
        }
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file()
    {
        Safetensors.Write(File1, [("w", ones(2))]);
        Assert.Throws<ArgumentException>(() => Safetensors.Write(File1, [("w", zeros(2)), ("z", zeros(2, dtype: complex64))]));
        Assert.Equal(1, Safetensors.Read(File1).Tensors["w"][0].item<float>());
        Assert.Single(Directory.GetFiles(folder));
        Assert.Throws<DirectoryNotFoundException>(() => Safetensors.Write(Path.Combine(folder, "none", "x"), [("w", ones(1))]));
    }
}
