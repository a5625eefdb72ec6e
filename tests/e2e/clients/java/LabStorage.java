import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.server.log.remote.storage.LogSegmentData;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata.CustomMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteStorageException;
import org.apache.kafka.server.log.remote.storage.RemoteStorageManager;

/**
 * Tiered storage (KIP-405) in the directory `dir`, that all brokers share: a folder for each segment.  While the file
 * `broken` is in it nothing can be read, as when the store can't be reached.
 */
public final class LabStorage implements RemoteStorageManager {
	private Path dir;

	@Override
	public void configure(Map<String, ?> configs) {
		dir = Path.of(String.valueOf(configs.get("dir")));
	}

	private Path of(RemoteLogSegmentMetadata metadata) {
		return dir.resolve(metadata.remoteLogSegmentId().id().toString());
	}

	@Override
	public Optional<CustomMetadata> copyLogSegmentData(RemoteLogSegmentMetadata metadata, LogSegmentData data)
			throws RemoteStorageException {
		try {
			Path to = Files.createDirectories(of(metadata));
			copy(data.logSegment(), to.resolve("LOG"));
			copy(data.offsetIndex(), to.resolve(IndexType.OFFSET.name()));
			copy(data.timeIndex(), to.resolve(IndexType.TIMESTAMP.name()));
			copy(data.producerSnapshotIndex(), to.resolve(IndexType.PRODUCER_SNAPSHOT.name()));
			if (data.transactionIndex().isPresent())
				copy(data.transactionIndex().get(), to.resolve(IndexType.TRANSACTION.name()));
			ByteBuffer epochs = data.leaderEpochIndex().duplicate();
			byte[] bytes = new byte[epochs.remaining()];
			epochs.get(bytes);
			Files.write(to.resolve(IndexType.LEADER_EPOCH.name()), bytes);
			return Optional.empty();
		} catch (IOException e) {
			throw new RemoteStorageException(e);
		}
	}

	private static void copy(Path from, Path to) throws IOException {
		Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
	}

	private byte[] read(RemoteLogSegmentMetadata metadata, String name) throws RemoteStorageException {
		if (Files.exists(dir.resolve("broken")))
			throw new RemoteStorageException("the store can't be reached");
		try {
			return Files.readAllBytes(of(metadata).resolve(name));
		} catch (IOException e) {
			throw new RemoteStorageException(e);
		}
	}

	@Override
	public InputStream fetchLogSegment(RemoteLogSegmentMetadata metadata, int from) throws RemoteStorageException {
		return fetchLogSegment(metadata, from, Integer.MAX_VALUE);
	}

	@Override
	public InputStream fetchLogSegment(RemoteLogSegmentMetadata metadata, int from, int last) throws RemoteStorageException {
		byte[] all = read(metadata, "LOG");
		int end = (int) Math.min(all.length, last + 1L);
		return new ByteArrayInputStream(Arrays.copyOfRange(all, Math.min(from, end), end));
	}

	@Override
	public InputStream fetchIndex(RemoteLogSegmentMetadata metadata, IndexType type) throws RemoteStorageException {
		if (type == IndexType.TRANSACTION && !Files.exists(of(metadata).resolve(type.name())))
			return InputStream.nullInputStream();
		return new ByteArrayInputStream(read(metadata, type.name()));
	}

	@Override
	public void deleteLogSegmentData(RemoteLogSegmentMetadata metadata) throws RemoteStorageException {
		try (Stream<Path> files = Files.list(of(metadata))) {
			for (Path p : files.toList())
				Files.deleteIfExists(p);
			Files.deleteIfExists(of(metadata));
		} catch (IOException e) {
			throw new RemoteStorageException(e);
		}
	}

	@Override
	public void close() {
	}
}
