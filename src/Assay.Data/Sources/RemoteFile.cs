using System.Net;
using System.Security.Cryptography;

namespace Assay.Data;

/// <summary>How far a download has come.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Bytes">The bytes that have arrived.</param>
/// <param name="Total">The bytes that will arrive, or null where the server does not say.</param>
public readonly record struct DownloadProgress(string File, long Bytes, long? Total);

/// <summary>A file that is fetched once and verified each time it is used.</summary>
/// <param name="Name">The file name in the cache.</param>
/// <param name="Url">Where it is published.</param>
/// <param name="ContentSha256">The SHA-256 of the content, unpacked where the file is gzip: it does not depend on who packed it.</param>
internal sealed record RemoteFile(string Name, Uri Url, string ContentSha256)
{
    private const int Attempts = 5;

    /// <summary>Fetches the file into a folder. It appears there verified or not at all; failures of the network are tried again.</summary>
    /// <exception cref="InvalidDataException">What arrives does not have the expected hash.</exception>
    /// <exception cref="IOException">The network fails again and again.</exception>
    public async Task FetchAsync(HttpClient client, string folder, TimeSpan pause, Action<DownloadProgress> progress, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var bytes = await DownloadAsync(client, progress, cancellation);
                Verify(new MemoryStream(bytes), Url.ToString());
                AtomicFile.Write(Path.Combine(folder, Name), stream => stream.Write(bytes));
                return;
            }
            catch (Exception e) when (attempt < Attempts && IsPassing(e, cancellation))
            {
                await Task.Delay(pause * Math.Pow(2, attempt - 1), cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                throw new IOException($"{Url} cannot be fetched ({attempt} tries): {e.Message}", e);
            }
        }
    }

    /// <summary>Verifies the content.</summary>
    /// <exception cref="InvalidDataException">It does not have the expected hash.</exception>
    public void Verify(string path)
    {
        using var stream = File.OpenRead(path);
        Verify(stream, path);
    }

    private void Verify(Stream stream, string where)
    {
        using var source = ByteSource.Of(where, stream);
        using var content = source.OpenStream();
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        if (hash != ContentSha256)
            throw new InvalidDataException($"{where}: the content has the SHA-256 {hash}, {ContentSha256} was expected; the file is damaged or another one");
    }

    private async Task<byte[]> DownloadAsync(HttpClient client, Action<DownloadProgress> progress, CancellationToken cancellation)
    {
        using var response = await client.GetAsync(Url, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        var total = response.Content.Headers.ContentLength;
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0;)
        {
            bytes.Write(buffer, 0, read);
            progress(new DownloadProgress(Name, bytes.Length, total));
        }
        return total is { } expected && bytes.Length != expected
            ? throw new HttpRequestException($"{bytes.Length} of {expected} bytes arrived")
            : bytes.ToArray();
    }

    // A damaged transfer may come right; a page that says "not found" will not.
    private static bool IsPassing(Exception e, CancellationToken cancellation) => e switch
    {
        HttpRequestException { StatusCode: { } code } => code is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError,
        HttpRequestException or HttpIOException or InvalidDataException => true,
        TaskCanceledException => !cancellation.IsCancellationRequested,
        _ => false,
    };
}
