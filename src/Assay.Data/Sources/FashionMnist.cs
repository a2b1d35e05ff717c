using System.Collections.Immutable;

namespace Assay.Data;

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, MIT licence): 60 000 training and 10 000 test images of clothes, 28×28 grey, 10 classes.
/// From the official download or from the files of the Debian package <c>dataset-fashion-mnist</c>; verified by hash.
/// </summary>
public sealed class FashionMnist
{
    /// <summary>The name in catalogs and commands.</summary>
    public const string Name = "fashion-mnist";

    private const string DebianFolder = "/usr/share/datasets/fashion-mnist";
    private static readonly Uri Official = new("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");
    private readonly Uri server;
    private readonly TimeSpan pause;

    /// <summary>The data set as officially published.</summary>
    public FashionMnist() : this(Official, TimeSpan.FromSeconds(1))
    {
    }

    internal FashionMnist(Uri server, TimeSpan pause)
    {
        this.server = server;
        this.pause = pause;
    }

    /// <summary>The classes.</summary>
    public static ImmutableArray<string> ClassNames { get; } =
        ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"];

    /// <summary>Where fetched files are kept.</summary>
    public static string CacheFolder => Path.Combine(DatasetCache.Folder, "fashion-mnist");

    /// <summary>The folder that holds all files on this machine (the cache, or that of Debian's package), or null.</summary>
    public string? InstalledFolder => Folder();

    private RemoteFile[] Files =>
    [
        File("train-images-idx3-ubyte.gz", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        File("train-labels-idx1-ubyte.gz", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        File("t10k-images-idx3-ubyte.gz", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        File("t10k-labels-idx1-ubyte.gz", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ];

    /// <summary>Makes the files available: those of Debian's package where it is installed, else the official download.</summary>
    /// <param name="progress">Takes the progress of downloads.</param>
    /// <param name="cancellation">Cancels; files already complete stay.</param>
    /// <returns>The folder that holds the files.</returns>
    /// <exception cref="InvalidDataException">A file does not have the expected hash.</exception>
    /// <exception cref="IOException">The network fails again and again.</exception>
    public async Task<string> GetAsync(Action<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (Folder() is { } folder)
            return folder;
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        foreach (var file in Files)
        {
            if (!System.IO.File.Exists(Path.Combine(CacheFolder, file.Name)))
                await file.FetchAsync(client, CacheFolder, pause, progress ?? (static _ => { }), cancellation);
        }
        return CacheFolder;
    }

    /// <summary>Loads a part.</summary>
    /// <param name="test">Whether the 10 000 test images are wanted, not the 60 000 for training.</param>
    /// <exception cref="FileNotFoundException">The files are not on this machine; the message says how to get them.</exception>
    /// <exception cref="InvalidDataException">A file does not have the expected hash.</exception>
    public Dataset Load(bool test)
    {
        var folder = Folder() ?? throw new FileNotFoundException("fashion-mnist is not on this machine yet: run 'assay data get fashion-mnist' (about 30 MB)");
        var (images, labels) = test ? (Files[2], Files[3]) : (Files[0], Files[1]);
        foreach (var file in new[] { images, labels })
            file.Verify(Path.Combine(folder, file.Name));
        return IdxFile.ReadDataset(
            Path.Combine(folder, images.Name), Path.Combine(folder, labels.Name), test ? "fashion-mnist:test" : "fashion-mnist", ClassNames);
    }

    // Where all files are, or null. An explicit cache wins over the system's copy.
    private string? Folder() => new[] { CacheFolder, DebianFolder }.FirstOrDefault(f => Files.All(file => System.IO.File.Exists(Path.Combine(f, file.Name))));

    private RemoteFile File(string name, string contentSha256) => new(name, new Uri(server, name), contentSha256);
}
