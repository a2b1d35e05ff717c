using System.IO.Compression;
using System.Net;

namespace Assay.Data.Tests;

public sealed class SourceTests
{
    private static byte[] Idx(byte type, int[] shape, params ReadOnlySpan<byte> data)
    {
        var bytes = new List<byte> { 0, 0, type, (byte)shape.Length };
        foreach (var size in shape)
            bytes.AddRange([(byte)(size >> 24), (byte)(size >> 16), (byte)(size >> 8), (byte)size]);
        return [.. bytes, .. data];
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    [Fact]
    public void Images_and_labels_in_IDX_are_found_together_packed_or_not()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a-labels-idx1-ubyte", Idx(8, [2], 7, 3));
        var images = Idx(8, [2, 2, 3], 0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 51);
        foreach (var path in new[] { folder.Write("a-images-idx3-ubyte", images), folder.Write("a-images-idx3-ubyte.gz", Gzip(images)) })
        {
            var data = DatasetFile.Load(path).Validate();
            Assert.Equal([1, 2, 3], data.FeatureShape);
            Assert.Equal([0, 0.2f, 0.4f, 0.6f, 0.8f, 1], data.RequireFeatures().Row(0).ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
            Assert.Equal(["3", "7"], data.ClassNames);
            Assert.Equal([1, 0], data.Labels);
            Assert.Equal("a-images-idx3-ubyte", data.Name);
        }
    }

    [Fact]
    public void All_element_types_of_IDX_are_read_in_big_endian_order()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal([-1, 2], IdxFile.Read(folder.Write("b", Idx(9, [2], 0xFF, 2))).ToIntegers());
        Assert.Equal([258, -2], IdxFile.Read(folder.Write("s", Idx(0x0B, [2], 1, 2, 0xFF, 0xFE))).ToIntegers());
        Assert.Equal([16909060], IdxFile.Read(folder.Write("i", Idx(0x0C, [1], 1, 2, 3, 4))).ToIntegers());
        Assert.Equal([1.5f], IdxFile.Read(folder.Write("f", Idx(0x0D, [1], 0x3F, 0xC0, 0, 0))).ToFloats());
        Assert.Equal([1.5], IdxFile.Read(folder.Write("d", Idx(0x0E, [1], 0x3F, 0xF8, 0, 0, 0, 0, 0, 0))).ToDoubles());
    }

    [Fact]
    public void Damaged_IDX_files_are_refused()
    {
        using var folder = new TemporaryFolder();
        string Refusal(Action read) => Assert.Throws<InvalidDataException>(read).Message;
        Assert.Contains("truncated", Refusal(() => IdxFile.Read(folder.Write("a", Idx(8, [3], 1, 2)))), StringComparison.Ordinal);
        Assert.Contains("bytes follow", Refusal(() => IdxFile.Read(folder.Write("b", Idx(8, [1], 1, 2)))), StringComparison.Ordinal);
        Assert.Contains("needs", Refusal(() => IdxFile.Read(folder.Write("c", Idx(8, [0x7FFFFFFF, 0x7FFFFFFF], 1)))), StringComparison.Ordinal);
        Assert.Contains("no IDX file", Refusal(() => IdxFile.Read(folder.Write("d", [0, 0, 7, 1]))), StringComparison.Ordinal);
        folder.Write("x-labels-idx1-ubyte", Idx(8, [3], 1, 2, 3));
        Assert.Contains("one label for each of 1 images", Refusal(() => DatasetFile.Load(folder.Write("x-images-idx3-ubyte", Idx(8, [1, 1, 1], 1)))), StringComparison.Ordinal);
        Assert.Contains("y-labels-idx3-ubyte", Assert.Throws<FileNotFoundException>(() => DatasetFile.Load(folder.Write("y-images-idx3-ubyte", Idx(8, [1, 1, 1], 1)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_images_has_a_class_for_each_subfolder()
    {
        using var folder = new TemporaryFolder();
        void Png(string name, int width, int height, int channels, params byte[] pixels)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            using var stream = File.Create(folder.File(name));
            PngFile.Write(stream, width, height, channels, pixels);
        }
        Png("cat/1.png", 2, 1, 1, 0, 255);
        Png("dog/2.png", 2, 1, 1, 51, 102);
        var grey = DatasetFile.Load(folder.Path).Validate();
        Assert.Equal([1, 1, 2], grey.FeatureShape);
        Assert.Equal(["cat/1.png", "dog/2.png"], grey.Ids);
        Assert.Equal(["cat", "dog"], grey.ClassNames);
        Assert.Equal([0, 1, 0.2f, 0.4f], grey.RequireFeatures().Values.ToArray());

        Png("dog/3.png", 2, 1, 3, 255, 0, 51, 0, 255, 102);
        var colour = DatasetFile.Load(folder.Path).Validate();
        Assert.Equal([3, 1, 2], colour.FeatureShape);
        Assert.Equal([1, 0, 0, 1, 0.2f, 0.4f], colour.RequireFeatures().Row(2).ToArray());
        Assert.Equal([1, 1, 2], DatasetFile.Load(folder.Path, new() { Grey = true }).FeatureShape);

        Png("dog/4.png", 1, 1, 1, 9);
        Assert.Contains("dog/4.png: 1×1 pixels, the first image has 2×1", Assert.Throws<InvalidDataException>(() => DatasetFile.Load(folder.Path)).Message.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.Equal([3, 4, 4], DatasetFile.Load(folder.Path, new() { ImageSize = (4, 4) }).FeatureShape);

        File.WriteAllBytes(folder.File("cat/0.png"), [1, 2, 3]);
        Assert.Contains("0.png", Assert.Throws<InvalidDataException>(() => DatasetFile.Load(folder.Path, new() { ImageSize = (4, 4) })).Message, StringComparison.Ordinal);
        var cut = File.ReadAllBytes(folder.File("dog/2.png"));
        File.WriteAllBytes(folder.File("cat/0.png"), cut[..45]);
        Assert.Contains("0.png", Assert.Throws<InvalidDataException>(() => DatasetFile.Load(folder.Path, new() { ImageSize = (4, 4) })).Message, StringComparison.Ordinal);
    }

    // Figures of Pillow 9.4, resize(size, BILINEAR) of this 4 × 5 image.
    [Theory]
    [InlineData(3, 2, new[] { 51.3469f, 134.6349f, 73.5714f, 58.7755f, 130.7936f, 48.6122f })]
    [InlineData(2, 2, new[] { 86.4416f, 100.7273f, 94.7143f, 77.3052f })]
    [InlineData(5, 4, new float[] { 0, 64, 128, 255, 10, 30, 90, 200, 17, 60, 5, 250, 100, 3, 77, 9, 8, 240, 60, 50 })]
    public void Resizing_agrees_with_Pillow(int width, int height, float[] expected)
    {
        var target = new float[width * height];
        ImageResize.Resize([0, 64, 128, 255, 10, 30, 90, 200, 17, 60, 5, 250, 100, 3, 77, 9, 8, 240, 60, 50], 4, 5, target, height, width);
        Assert.Equal(expected, target, (a, b) => Math.Abs(a - b) < 1e-3);
    }

    [Fact]
    public void A_NumPy_archive_of_images_and_labels_is_a_dataset()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.npz");
        using (var archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            void Add(string name, string type, string shape, params ReadOnlySpan<byte> data)
            {
                using var stream = archive.CreateEntry(name + ".npy").Open();
                NpyFile.Write(stream, type, shape, data);
            }
            Add("x", "|u1", "(2, 2, 1, 3)", 255, 0, 51, 0, 255, 102, 0, 0, 0, 0, 0, 0);
            Add("y", "|u1", "(2,)", 4, 2);
        }
        var data = DatasetFile.Load(path).Validate();
        Assert.Equal([3, 2, 1], data.FeatureShape);
        Assert.Equal([1, 0, 0, 1, 0.2f, 0.4f], data.RequireFeatures().Row(0).ToArray());
        Assert.Equal(["2", "4"], data.ClassNames);
        Assert.Equal([1, 0], data.Labels);
    }

    [Fact]
    public void Fashion_MNIST_is_loaded_where_its_files_are()
    {
        Assert.SkipUnless(Directory.Exists("/usr/share/datasets/fashion-mnist") || Directory.Exists(FashionMnist.CacheFolder), "fashion-mnist is not on this machine");
        var data = DatasetFile.Load("fashion-mnist:test");
        Assert.Equal((10_000, 10), (data.Count, data.ClassCount));
        Assert.Equal([1, 28, 28], data.FeatureShape);
        Assert.All(data.Labels.CountBy(l => l), p => Assert.Equal(1000, p.Value));
        Assert.Equal("ankle-boot", data.ClassNames[data.Labels[0]]);
        Assert.InRange(data.RequireFeatures().Values.ToArray().Average(), 0.2865f, 0.2870f); // the published mean of the test part is 0.2868
    }

    [Fact]
    public async Task A_download_is_tried_again_verified_and_appears_complete_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        using var listener = new HttpListener();
        var port = 20_000 + Environment.ProcessId % 20_000;
        listener.Prefixes.Add($"http://localhost:{port}/");
        listener.Start();
        var answers = new Queue<(int Status, byte[] Body)>([(503, []), (200, Gzip("wrong"u8.ToArray())), (200, Gzip("right"u8.ToArray())), (404, [])]);
        var server = Task.Run(async () =>
        {
            while (answers.TryDequeue(out var answer))
            {
                var context = await listener.GetContextAsync();
                context.Response.StatusCode = answer.Status;
                context.Response.OutputStream.Write(answer.Body);
                context.Response.Close();
            }
        }, TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        var file = new RemoteFile("f.gz", new Uri($"http://localhost:{port}/f.gz"), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("right"u8)));
        var progress = new List<DownloadProgress>();
        await file.FetchAsync(client, folder.Path, TimeSpan.FromMilliseconds(1), progress.Add, TestContext.Current.CancellationToken);
        Assert.Equal([folder.File("f.gz")], Directory.GetFiles(folder.Path));
        file.Verify(folder.File("f.gz"));
        Assert.NotEmpty(progress);
        await Assert.ThrowsAsync<IOException>(() => file.FetchAsync(client, folder.Path, TimeSpan.FromMilliseconds(1), progress.Add, TestContext.Current.CancellationToken));
        await server;
        File.WriteAllBytes(folder.File("f.gz"), Gzip("other"u8.ToArray()));
        Assert.Contains("SHA-256", Assert.Throws<InvalidDataException>(() => file.Verify(folder.File("f.gz"))).Message, StringComparison.Ordinal);
    }
}
